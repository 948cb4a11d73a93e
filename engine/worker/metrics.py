"""Logged numbers on their way to disk: all of the first ones, later the extremes of ever wider buckets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from engine import events
from engine.protocol import Json, number_to_json

WHOLE = 20_000
"""points of a series that are kept one by one"""
PER_WIDTH = 10_000
"""buckets until they get twice as wide"""

Points = list[tuple[int, float]]


@dataclass(slots=True)
class Bucket:
    """What is known of some neighbouring points: the extremes, the first NaN, and the last of them."""

    size: int = 0
    low: tuple[int, float] | None = None
    high: tuple[int, float] | None = None
    odd: tuple[int, float] | None = None
    last: tuple[int, float] = (0, 0.0)

    def add(self, step: int, value: float) -> None:
        self.size += 1
        self.last = point = (step, value)
        if value != value:
            self.odd = self.odd or point
            return
        if self.low is None or value < self.low[1]:
            self.low = point
        if self.high is None or value > self.high[1]:
            self.high = point

    def points(self, *, with_last: bool = False) -> Points:
        """In the order of their steps."""
        kept = {self.low, self.high, self.odd, self.last if with_last and self.size else None}
        return sorted((point for point in kept if point is not None), key=lambda point: point[0])


@dataclass(slots=True)
class MetricSeries:
    """One metric: `count` points so far, the newest of `last_step`, `ready` to be written.

    `steady` are the points for those to whom it must not matter when a checkpoint was taken: the same for
    two runs that log the same.
    """

    count: int = 0
    last_step: int = -1
    ready: Points = field(default_factory=list)
    bucket: Bucket = field(default_factory=Bucket)
    width: int = 1
    steady: Points = field(default_factory=list)
    steady_bucket: Bucket = field(default_factory=Bucket)
    steady_end: int = 0
    """the count at which the steady bucket is full"""

    def __post_init__(self) -> None:
        self.width = width_at(self.count)

    def add(self, step: int, value: float) -> bool:
        """False for a step that is not behind the last one: its value is left out."""
        if step <= self.last_step:
            return False
        self.count, self.last_step = self.count + 1, step
        if self.count <= WHOLE:
            self.ready.append((step, value))
            self.steady.append((step, value))
            return True
        self._add_steady(step, value)
        self.bucket.add(step, value)
        if self.bucket.size >= self.width:
            self.ready += self.bucket.points()
            self.bucket = Bucket()
            self.width = width_at(self.count)
        return True

    def _add_steady(self, step: int, value: float) -> None:
        if not self.steady_bucket.size:
            self.steady_end = bucket_end(self.count)
        self.steady_bucket.add(step, value)
        if self.count >= self.steady_end:
            self.steady += self.steady_bucket.points()
            self.steady_bucket = Bucket()

    def take_steady(self, *, is_end: bool) -> Points:
        """What is ready; at the end of an attempt what the unfinished bucket holds too, the last among it."""
        points, self.steady = self.steady, []
        if is_end:
            points += self.steady_bucket.points(with_last=True)
            self.steady_bucket = Bucket()
        return points

    def take(self, *, to_the_last: bool) -> Points:
        """What is ready, and with `to_the_last` what the unfinished bucket holds, its newest point too."""
        points, self.ready = self.ready, []
        if to_the_last:
            points += self.bucket.points(with_last=True)
            self.bucket = Bucket()
        return points


def width_at(count: int) -> int:
    """Points of the bucket that begins after `count` points: 1 for 10,000 buckets, then 2, 4, 8, ..."""
    width, begins = 1, WHOLE
    while count >= begins + PER_WIDTH * width:
        begins += PER_WIDTH * width
        width *= 2
    return width


def bucket_end(count: int) -> int:
    """The last of the points that share a bucket with point number `count`, which is beyond WHOLE."""
    width, begins = 1, WHOLE
    while count > begins + PER_WIDTH * width:
        begins += PER_WIDTH * width
        width *= 2
    return begins + -(-(count - begins) // width) * width


class Metrics:
    """The buffer of a run."""

    def __init__(self) -> None:
        self._series: dict[str, MetricSeries] = {}

    def add(self, step: int, name: str, value: float) -> bool:
        """Whether it is taken: the steps of a metric go up, and each has one value, the first."""
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = MetricSeries()
        return series.add(step, value)

    def take(self, *, to_the_last: bool = False) -> dict[str, Points]:
        """The points that have not been taken yet, by metric."""
        taken = {name: series.take(to_the_last=to_the_last) for name, series in self._series.items()}
        return {name: points for name, points in taken.items() if points}

    def take_steady(self, *, is_end: bool = False) -> dict[str, Points]:
        """The points that have not been taken yet, by metric: the first 20,000 of a series, then the extremes
        and the first NaN of ever wider stretches, and the last one at the end. It depends on what was logged
        alone."""
        taken = {name: series.take_steady(is_end=is_end) for name, series in self._series.items()}
        return {name: points for name, points in taken.items() if points}

    def counts(self) -> dict[str, int]:
        return {name: series.count for name, series in self._series.items()}

    def last_steps(self) -> dict[str, int]:
        return {name: series.last_step for name, series in self._series.items()}

    def go_on(self, counts: Mapping[str, int], last_steps: Mapping[str, int]) -> None:
        """Forget everything but how many points there have been, which says how wide buckets are, and up to
        which step."""
        names = counts.keys() | last_steps.keys()
        self._series = {name: MetricSeries(counts.get(name, 0), last_steps.get(name, -1)) for name in names}


def told_at(path: Path, step: int) -> dict[str, int]:
    """`step` for each metric that has a value for it in an event file, but for those that were taken back."""
    names: dict[str, int] = {}
    offset, number = 0, b"%d" % step
    while True:
        lines, end = events.read_lines(path, offset)
        for line in lines:
            head = line[:96]
            if b'"kind":"restored"' in head and json.loads(line)["step"] < step:
                names = {}
            elif b'"kind":"metrics"' in head and number in line:
                series = json.loads(line)["series"]
                names |= {name: step for name, (steps, _) in series.items() if step in steps}
        if end == offset:
            return names
        offset = end


def columns(taken: Mapping[str, Points]) -> Json:
    """The body of a `metrics` event: {name: [[steps], [values]]}, seven significant digits."""
    return {
        name: [[step for step, _ in points], [_short(value) for _, value in points]]
        for name, points in taken.items()
    }


def _short(value: float) -> float | str:
    return float(f"{value:.7g}") if isfinite(value) else number_to_json(value)
