"""Tests of tui.chart."""
