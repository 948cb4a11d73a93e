"""The best value of a metric whose points come in columns, and may be replaced from a step on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from engine.metric_goal import MetricGoal
from engine.protocol import Best

KEPT = 512
"""improvements that are kept"""
FIRST_STEP = -(2**61)
"""a step before all"""


@dataclass(slots=True)
class BestOfColumns:
    """The values that were better than all before them: the last one before a step is the best before it."""

    goal: MetricGoal = field(default_factory=MetricGoal)
    names: set[str] = field(default_factory=set)
    """of all metrics of the run so far"""
    is_known: bool = True
    """false once more is replaced than the improvements that were kept tell about"""
    _steps: list[int] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)
    _is_cut: bool = False
    """whether earlier improvements were dropped"""

    @property
    def best(self) -> Best | None:
        return (
            Best(self.goal.metric, self._values[-1], self._steps[-1])
            if self._steps and self.is_known
            else None
        )

    def go_on_from(self, best: Best | None, is_known: bool) -> None:
        """From what was the best; the improvements before it are not known."""
        self._steps, self._values = ([best.step], [best.value]) if best else ([], [])
        self._is_cut, self.is_known = best is not None, is_known

    def add(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Points whose steps increase; they replace those from their first step on."""
        if not steps:
            return
        self.cut(steps[0])
        places = self._improvements(values)
        self._steps += [steps[place] for place in places]
        self._values += [values[place] for place in places]
        if len(self._steps) > KEPT:
            del self._steps[:-KEPT], self._values[:-KEPT]
            self._is_cut = True

    def _improvements(self, values: Sequence[float]) -> list[int]:
        """The places of those that are better than all before; an infinite value is no best one."""
        found: list[int] = []
        if self.goal.largest:
            best = self._values[-1] if self._values else -inf
            for place, value in enumerate(values):
                if value > best and value != inf:
                    best = value
                    found.append(place)
        else:
            best = self._values[-1] if self._values else inf
            for place, value in enumerate(values):
                if value < best and value != -inf:
                    best = value
                    found.append(place)
        return found[-KEPT - 1 :]

    def cut(self, step: int) -> None:
        """Drop the points from this step on."""
        had = bool(self._steps)
        while self._steps and self._steps[-1] >= step:
            del self._steps[-1], self._values[-1]
        if step <= FIRST_STEP:
            self._is_cut, self.is_known = False, True
            self.names.clear()
        elif had and not self._steps and self._is_cut:
            self.is_known = False
