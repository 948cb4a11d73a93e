"""The runs of the XOR tab: single networks, and batches of many."""

from __future__ import annotations

SINGLE, BATCH, GRID = "xor", "xor_batch", "xor_grid"
LIMITS = {SINGLE: 200, BATCH: 50, GRID: 20}
"""how many of the newest runs of each experiment the tab shows"""
