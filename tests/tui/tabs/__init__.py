"""Tests of tui.tabs."""
