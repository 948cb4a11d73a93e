"""Tests of engine.service.health."""
