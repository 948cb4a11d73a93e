"""The metric by which the best step and the best checkpoint of a run are chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.catalog import find
from engine.errors import UnknownExperiment


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


def goal_of(experiment: str) -> MetricGoal:
    """The goal in the catalog; an empty one for an experiment that is not there any more."""
    try:
        found = find(experiment)
    except UnknownExperiment:
        return MetricGoal()
    return MetricGoal(found.best, found.goal == "max")
