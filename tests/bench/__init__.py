"""Benchmarks; each prints a ratio to what it is measured against."""
