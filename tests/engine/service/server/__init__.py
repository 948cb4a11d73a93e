"""Tests of engine.service.server."""
