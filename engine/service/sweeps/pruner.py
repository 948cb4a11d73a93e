"""Pruning rules: pure functions of the values of trials at a rung."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from engine.sweep_protocol import Prune


def rung_steps(prune: Prune, total: int) -> dict[int, int]:
    """{rung: step} for a trial of `total` steps; a short trial has fewer rungs."""
    steps = {max(1, round(share * total)): rung for rung, share in enumerate(prune.shares)}
    return {rung: step for step, rung in steps.items() if step < total}


def keeps(prune: Prune, value: float, before: Sequence[float], largest: bool) -> bool:
    """Whether a trial continues after a rung; `before` are the values of trials that reached it earlier.

    asha (Li et al. 2020, the stopping variant): it is among the best n // eta of the n so far, at least one.
    median: it is not worse than the median of `before`, once these are at least `startup` values.
    """
    if not math.isfinite(value):
        return False
    if prune.kind == "asha":
        better = sum(other > value if largest else other < value for other in before)
        return better < max(1, (len(before) + 1) // prune.eta)
    if len(before) < prune.startup:
        return True
    middle = statistics.median(before)
    return value >= middle if largest else value <= middle


def reason(prune: Prune, value: float, before: Sequence[float], step: int) -> str:
    """The reason as text, such as "asha at step 120: 0.41 is not among the best 2 of 7"."""
    if prune.kind == "asha":
        count = len(before) + 1
        return (
            f"asha at step {step}: {value:.4g} is not among the best {max(1, count // prune.eta)} of {count}"
        )
    middle = statistics.median(before) if before else math.nan
    return f"median at step {step}: {value:.4g} is worse than {middle:.4g}, the median of {len(before)}"
