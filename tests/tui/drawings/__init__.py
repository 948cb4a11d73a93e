"""Tests of tui.drawings."""
