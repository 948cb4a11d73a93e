"""Tests of engine.models.images."""
