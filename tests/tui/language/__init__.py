"""Tests of tui.language."""
