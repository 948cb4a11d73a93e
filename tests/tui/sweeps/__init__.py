"""Tests of what the Sweep tab is made of."""
