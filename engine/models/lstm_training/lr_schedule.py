"""The learning rate of a step, as a share of the one that is set."""

from __future__ import annotations

import math


def share(schedule: str, step: int, total: int) -> float:
    """constant: 1. linear: down to 0 at the end. cosine: the same, slowly at first and last. Steps from 1."""
    done = (step - 1) / max(total, 1)
    if schedule == "linear":
        return 1 - done
    if schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return 1.0
