"""Benchmarks; each prints a ratio to its baseline."""
