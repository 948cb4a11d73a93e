"""Tests of engine.client."""
