"""Tests of engine.service.findings."""
