"""Tests of engine.aids."""
