"""Tests of tui.sweeps."""
