"""Tests of engine.models.xor."""
