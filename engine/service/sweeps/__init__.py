"""Sweeps: samplers, pruning, trials, journal, edits and analysis."""
