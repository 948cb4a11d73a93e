"""The metric by which the best step and the best checkpoint of a run are chosen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine import catalog
from engine.catalog import OfExperiment

_VALIDATION = frozenset(("val", "valid", "validation", "eval", "dev"))
_TEST, _TRAIN = frozenset(("test",)), frozenset(("train", "training"))
_WHOLE = _VALIDATION | _TEST | _TRAIN | {"loss", "epoch", "step", "batch", "total"}
"""words of the name of a loss that is not one part of a loss"""


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


def goal_by_names(metrics: Iterable[str]) -> MetricGoal:
    """The goal of a run of another program, by the names of its metrics; an empty one where they do not tell.

    Of those whose names say what is better, one of validation comes first, one of training last; of several
    the loss as a whole. Two that are alike leave it open.
    """
    places: dict[int, list[str]] = {}
    for name in metrics:
        if catalog.goal_by_name(name.lower()):
            places.setdefault(_place(_words(name)), []).append(name)
    found = places[min(places)] if places else []
    if len(found) > 1:
        found = [name for name in found if "loss" in _words(name) and _words(name) <= _WHOLE]
    if len(found) != 1:
        return MetricGoal()
    return MetricGoal(found[0], catalog.goal_by_name(found[0].lower()) == "max")


def _words(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z0-9]+", name.lower()))


def _place(words: frozenset[str]) -> int:
    for place, kind in enumerate((_VALIDATION, _TRAIN, _TEST)):
        if words & kind:
            return (0, 3, 2)[place]
    return 1
