"""Tests of tui.terminal."""
