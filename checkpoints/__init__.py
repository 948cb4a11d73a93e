"""Checkpoints: everything that a run needs to resume bit for bit, written so that a crash cannot damage
it."""
