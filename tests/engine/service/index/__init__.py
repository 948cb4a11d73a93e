"""Tests of engine.service.index."""
