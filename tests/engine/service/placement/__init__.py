"""Tests of engine.service.placement."""
