"""The metric by which the best step and the best checkpoint of a run are chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine import catalog
from engine.catalog import OfExperiment


@dataclass(frozen=True, slots=True)
class MetricGoal:
    """The metric whose best value is tracked, and its direction."""

    metric: str = ""
    largest: bool = False

    def is_better(self, value: float, best: float | None) -> bool:
        """Whether `value` is finite and better than the best so far; None: there is none yet."""
        if not math.isfinite(value):
            return False
        return best is None or (value > best if self.largest else value < best)


def goal_of(spec: OfExperiment) -> MetricGoal:
    """The goal of the experiment; an empty one where that is not in the catalog any more."""
    found = catalog.known(spec)
    return MetricGoal() if found is None else MetricGoal(found.best, found.goal == "max")
