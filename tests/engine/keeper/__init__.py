"""Tests of engine.keeper."""
