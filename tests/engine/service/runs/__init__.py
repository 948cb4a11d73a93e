"""Tests of engine.service.runs."""
