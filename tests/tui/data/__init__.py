"""Tests of tui.data."""
