"""Checkpoints: what a run needs to go on bit for bit, written so that no crash can hurt it."""
