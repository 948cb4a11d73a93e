"""Tests of engine.course."""
