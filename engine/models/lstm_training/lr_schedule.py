"""Learning rate schedules: factors of the learning rate that is set."""

from __future__ import annotations

import math


def lr_factor(schedule: str, step: int, total: int) -> float:
    """The factor at `step` (from 1) of `total`: constant 1; linear from 1 to 0; cosine from 1 to 0."""
    done = (step - 1) / max(total, 1)
    if schedule == "linear":
        return 1 - done
    if schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return 1.0
