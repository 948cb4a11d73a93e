"""Tests of engine.service.sweeps."""
