"""Tests of engine.far."""
