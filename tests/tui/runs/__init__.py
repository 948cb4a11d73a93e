"""Tests of tui.runs."""
