"""Tests of tui.xor."""
