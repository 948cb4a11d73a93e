"""One fold of the events of a run.

Who reads a history gives `add` the parts that it keeps: stats, curves, last values. A resumed run goes back
to a checkpoint and trains the later steps again; each part then drops what came after that step.
"""

from __future__ import annotations

import contextlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from engine import events, point_columns, system_metrics
from engine.errors import CorruptRun
from engine.events import Event
from engine.point_columns import PointColumns
from engine.typed_json import number_from_json, typed

REWIND = b'"restored"'
HEAD = 120
"""bytes of a line in which its kind stands"""
CHUNK = 8 << 20


class HistoryPart(Protocol):
    """What one reader keeps of a history."""

    def add(self, event: Event) -> None:
        """Take from an event of any kind what is kept."""

    def rewind(self, step: int) -> None:
        """Drop what came after `step`."""


def add(event: Event, *parts: HistoryPart) -> None:
    """Add the next event to the parts. Raises CorruptRun where its facts do not fit its kind."""
    try:
        for part in parts:
            part.add(event)
        if event.kind == "restored":
            step = typed(event.facts["step"], int)
            for part in parts:
                part.rewind(step)
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError, AttributeError) as error:
        raise CorruptRun(f"Event {event.seq} is no {event.kind}: {error!r}.") from error


def read(
    path: Path,
    offset: int,
    *parts: HistoryPart,
    wanted: Callable[[bytes], bool] | None = None,
    limit: int | None = None,
) -> int:
    """Add the events from byte `offset` of a file on; returns the offset behind the last.

    `wanted` tells which lines the parts need; others are not parsed. `limit` is about the number of bytes
    read, None for all. Damaged lines are left out: the stats of the run report them. Raises CorruptRun where
    `path` is not a regular file of this user.
    """
    while True:
        lines, end = events.read_lines(path, offset, limit or CHUNK)
        for line in lines:
            if wanted is None or wanted(line) or REWIND in line[:HEAD]:
                with contextlib.suppress(CorruptRun):
                    add(events.parse(line), *parts)
        if limit or end == offset:
            return end
        offset = end


@dataclass(slots=True)
class TrainingClock:
    """Seconds of training: from `started` to the last event of each attempt, on a clock that stops while the
    machine sleeps (the wall clock in files of older versions)."""

    spent: float = 0.0
    """before `since`"""
    since: float | None = None
    """when the present stretch of training started, on the clock of its events; None: it does not train"""
    clock: float = 0.0
    """of the last event"""
    _before_notes: float = 0.0
    """of the last event that is no note"""

    @property
    def seconds(self) -> float:
        return self.spent + (max(0.0, self.clock - self.since) if self.since is not None else 0.0)

    def tick(self, event: Event) -> None:
        """Count up to an event. Notes before an attempt starts do not count."""
        now = event.clock
        if self.since == self.clock == 0 and event.elapsed is None:
            self.since = now  # of an imported run of which no time was known up to here
        if event.kind == "started":
            self.clock = self._before_notes
            self._stop(now)
            self.since = now
        elif now < self.clock:  # it was started again, or the wall clock was set back
            self._stop(now)
            self._before_notes = now
        self.clock = now
        if event.kind == "note":
            return
        self._before_notes = now
        if event.kind == "ended":
            self._stop(None)
        elif event.kind == "metrics" and self.since is None:  # the line of its start is damaged
            self.since = now

    def time_of(self, event: Event) -> float:
        """Count up to an event and return the seconds."""
        self.tick(event)
        return self.seconds

    def _stop(self, since: float | None) -> None:
        """Count the present stretch; the next one starts at `since`."""
        if self.since is not None:
            self.spent += max(0.0, self.clock - self.since)
            self.since = since


def wall_clock(event: Event) -> float:
    """Unix time in seconds."""
    return event.at


class GrowingCurve(Protocol):
    """The points of a metric in the order of their steps."""

    @property
    def last_step(self) -> float:
        """-1 without points."""

    def extend(self, steps: Sequence[int], values: Sequence[Any], times: Sequence[float], /) -> None: ...

    def evict_after(self, step: float, /) -> None: ...


@dataclass(slots=True)
class CurvePoints:
    """A curve as lists."""

    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def last_step(self) -> float:
        return self.steps[-1] if self.steps else -1

    def extend(self, steps: Sequence[int], values: Sequence[Any], times: Sequence[float]) -> None:
        self.steps += steps
        self.times += times
        self.values += map(number_from_json, values)

    def evict_after(self, step: float) -> None:
        keep = bisect_right(self.steps, step)
        del self.steps[keep:], self.times[keep:], self.values[keep:]


Curve = TypeVar("Curve", bound=GrowingCurve)


class MetricCurves(Generic[Curve]):
    """The curve of every metric: a `HistoryPart`."""

    def __init__(
        self,
        curve: Callable[[], Curve],
        clock: Callable[[Event], float],
        limit: int | None = None,
        *,
        has_system: bool = False,
    ) -> None:
        """`curve` makes one without points, `clock` gives the time of an event, `limit` is their most.

        `has_system`: what the run used of its machine has curves too. An imported run has them as metrics.
        """
        self.by_metric: dict[str, Curve] = {}
        self.step = 0.0
        """the last one of all metrics"""
        self._curve, self._clock, self._limit = curve, clock, limit
        self._last_time: float | None = None
        self._has_system = has_system
        self._measured: set[str] = set()
        """the system metrics that had a value in this attempt"""

    def add(self, event: Event) -> None:
        now = self._clock(event)
        since = now if self._last_time is None else min(self._last_time, now)
        self._last_time = now
        if event.kind == "metrics":
            for metric, (steps, values) in event.facts["series"].items():
                if steps and (curve := self._curve_of(metric)) is not None:
                    self._extend(curve, *_increasing(steps, values, curve.last_step), since, now)
        elif event.kind == "columns":
            decoded: dict[str, array[Any]] = {}
            series = event.facts["series"]
            for metric in series:
                if (curve := self._curve_of(metric)) is not None:
                    self._extend_by_columns(curve, point_columns.from_json(series, metric, decoded))
        elif event.kind == "system" and self._has_system:
            self._add_system(event, now)
        elif event.kind == "started":
            self._measured = set()

    def rewind(self, step: int) -> None:
        for curve in self.by_metric.values():
            curve.evict_after(step)
        self.step = min(self.step, step)

    def _extend(self, curve: Curve, steps: list[int], values: list[Any], since: float, now: float) -> None:
        """Add a block of points, with times spread evenly since the last event."""
        if steps:
            gap = (now - since) / len(steps)
            curve.extend(steps, values, [since + gap * (index + 1) for index in range(len(steps))])
            self.step = max(self.step, float(steps[-1]))

    def _add_system(self, event: Event, now: float) -> None:
        """A point for each value; NaN, a gap, for one that has none any more."""
        values = system_metrics.values_of(event.facts)
        missing = self._measured - values.keys()
        self._measured |= values.keys()
        step = typed(event.facts["step"], int)
        for metric, value in (*values.items(), *((metric, nan) for metric in missing)):
            if (curve := self._curve_of(metric)) is not None:
                curve.extend([max(step, int(curve.last_step))], [value], [now])

    def _extend_by_columns(self, curve: Curve, points: PointColumns) -> None:
        """Add points whose steps increase; they replace those from their first step on."""
        if points.steps:
            if points.steps[0] <= curve.last_step:
                curve.evict_after(points.steps[0] - 1)
            curve.extend(points.steps, points.values, points.times)
            self.step = max(self.step, float(points.steps[-1]))

    def _curve_of(self, metric: str) -> Curve | None:
        found = self.by_metric.get(metric)
        if found is None and (self._limit is None or len(self.by_metric) < self._limit):
            found = self.by_metric[metric] = self._curve()
        return found


def _increasing(steps: list[int], values: list[Any], last: float) -> tuple[list[int], list[Any]]:
    """The points whose step is greater than `last` and than every step before them: the first value of a step
    is kept, in files of older versions some have two."""
    if all(before < step for before, step in zip([last, *steps], steps, strict=False)):
        return steps, values
    kept = []
    for step, value in zip(steps, values, strict=True):
        if step > last:
            kept.append((step, value))
            last = step
    return [step for step, _ in kept], [value for _, value in kept]
