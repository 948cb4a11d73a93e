"""Puts the values of metrics, which come in the order in which they were logged, into that of their steps.

MLflow keeps every value, whatever its step: of one step the latest is taken, none of another step is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.point_columns import PointColumns
from engine.protocol import Json
from engine.readers.log_reader import increasing
from engine.typed_json import typed

REREAD_LIMIT = 20_000
"""values of a metric up to which it is read again while it is followed, when a step goes back"""


@dataclass(frozen=True, slots=True)
class LoggedValues:
    """Values of one metric as they were logged: equally many of each."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]


@dataclass(slots=True)
class _Metric:
    last: int | None = None
    """the last step that was written"""
    count: int = 0
    has_steps: bool = False
    """false while all its steps are 0, as MLflow writes them where none was given: then values are counted"""


@dataclass(slots=True)
class StepOrder:
    is_first: bool = True
    """whether the log is read for the first time"""
    _metrics: dict[str, _Metric] = field(default_factory=dict)
    _late: dict[str, int] = field(default_factory=dict)

    @property
    def late(self) -> set[str]:
        """The metrics with a step before one that was written: they are to be read again, for `rewritten`."""
        return set(self._late)

    def add(self, name: str, logged: LoggedValues) -> PointColumns | None:
        """The points to be written, in the order of their steps; None where they are late.

        A long metric that is followed is taken to be trained again from a step that goes back.
        """
        metric, steps = self._metrics.setdefault(name, _Metric()), logged.steps
        if not metric.has_steps and steps.any():
            metric.has_steps = True
            if metric.count > 1:
                self._note_late(name, min(0, int(steps.min())))
        if not metric.has_steps:
            steps = np.arange(metric.count, metric.count + len(steps))
        metric.count += len(steps)
        goes_back = metric.last is not None and steps.min() <= metric.last
        if name in self._late or (goes_back and (self.is_first or metric.count <= REREAD_LIMIT)):
            self._note_late(name, int(steps.min()))
            return None
        points = _ordered(LoggedValues(steps, logged.values, logged.times))
        metric.last = points.steps[-1]
        return points

    def rewritten(self, name: str, logged: LoggedValues) -> PointColumns:
        """The points, of all values of a late metric, that replace those from their first step on."""
        begin, metric = self._late.pop(name), self._metrics[name]
        kept = logged.steps >= begin
        points = _ordered(LoggedValues(logged.steps[kept], logged.values[kept], logged.times[kept]))
        metric.count = len(logged.steps)
        metric.last = points.steps[-1] if len(points) else metric.last
        return points

    @property
    def step(self) -> int:
        """The last one of all metrics."""
        return max((metric.last for metric in self._metrics.values() if metric.last is not None), default=0)

    @property
    def cursor(self) -> Json:
        return {name: [one.last, one.count, int(one.has_steps)] for name, one in self._metrics.items()}

    def resume(self, cursor: Json) -> None:
        """Raises WrongType."""
        self.is_first = False
        for name, (last, count, has_steps) in typed(cursor, dict[str, tuple[int | None, int, int]]).items():
            self._metrics[name] = _Metric(last, count, bool(has_steps))

    def _note_late(self, name: str, step: int) -> None:
        self._late[name] = min(self._late.get(name, step), step)


def _ordered(logged: LoggedValues) -> PointColumns:
    steps = logged.steps
    if np.any(steps[1:] <= steps[:-1]):
        order = np.lexsort((logged.times, steps))
        logged = LoggedValues(steps[order], logged.values[order], logged.times[order])
    return increasing(logged.steps, logged.values, logged.times)
