"""The curve of a group of runs: mean, band and number of runs over the x of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.chart.chart_view import Axis, Range
from tui.chart.curve_arrays import ChartCurve, CurvePoint, Floats, Indices, ValueBlocks
from tui.terminal.glyphs import glyphs
from tui.ui.numbers import two_digits

BELOW_ALL = 1e-300
PER_COLUMN = 4
"""with more points than this in a column of dots, each run counts with its mean there"""


@dataclass(frozen=True, slots=True)
class GroupPoint:
    """The runs of a group at one x."""

    mean: float
    """NaN where no run has a value"""
    spread: float
    """sample standard deviation; NaN for fewer than two runs"""
    count: int
    """runs that have a value there"""

    @property
    def text(self) -> str:
        """±0.0041 n 5"""
        sign = glyphs().plus_minus
        spread = f"{sign}{two_digits(self.spread)} " if math.isfinite(self.spread) else ""
        return f"{spread}n {self.count}"


class GroupCurve(ChartCurve):
    """Curves of the same metric of several runs. Between two of its points a run has the value of the line
    through them; before its first, after its last and beside a NaN it does not count.

    It has no points of its own: `drawn` makes those of a visible range.
    """

    def __init__(self, members: Sequence[ChartCurve]) -> None:
        super().__init__()
        self.members = tuple(members)
        self._drawn: dict[object, SampledGroup] = {}

    @property
    def version(self) -> int:
        return sum(member.version for member in self.members)

    @version.setter
    def version(self, value: int) -> None:
        """The members count their changes themselves."""

    def __len__(self) -> int:
        return max(map(len, self.members), default=0)

    def _on(self, axis: Axis) -> list[ChartCurve]:
        """The members that have points on the axis."""
        return [member for member in self.members if len(member) and member.has_axis(axis)]

    @property
    def _longest(self) -> ChartCurve:
        return max(self.members, key=len)

    def has_axis(self, axis: Axis) -> bool:
        return any(member.has_axis(axis) for member in self.members)

    def span(self, axis: Axis) -> tuple[float, float] | None:
        spans = [span for member in self._on(axis) if (span := member.span(axis)) is not None]
        return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None

    @property
    def last_step(self) -> float:
        return max((member.last_step for member in self.members), default=-1.0)

    @property
    def missing(self) -> NDArray[np.int64]:
        """Of the first member that has a value that is no number; where they are drawn is up to `drawn`."""
        found = (member.missing for member in self.members if len(member) and len(member.missing))
        return next(found, np.empty(0, np.int64))

    def positions(self, axis: Axis) -> Floats:
        return self._longest.positions(axis) if self.members else np.empty(0)

    def last(self) -> CurvePoint | None:
        """The mean of the last values."""
        found = self._last()
        return CurvePoint(self.last_step, 0.0, found.mean) if len(self) else None

    def _last(self) -> GroupPoint:
        ends = [member.last() for member in self.members]
        return _point(np.array([end.value for end in ends if end is not None]))

    def near(self, position: float, axis: Axis) -> CurvePoint | None:
        span = self.span(axis)
        if span is None or not span[0] <= position <= span[1]:
            return None
        step = self._longest.translated(position, axis, "step")
        return CurvePoint(step, 0.0, self.at(position, axis).mean)

    def at(self, position: float, axis: Axis) -> GroupPoint:
        x = np.array([position])
        return _point(np.array([_values_at(member, axis, x)[0] for member in self._on(axis)]))

    def note(self, position: float | None, axis: Axis) -> str:
        if not len(self):
            return ""
        return (self._last() if position is None else self.at(position, axis)).text

    def nearest_position(self, position: float, axis: Axis) -> float:
        found = [member.nearest_position(position, axis) for member in self._on(axis)]
        return min(found, key=lambda there: abs(there - position), default=position)

    def beyond(self, position: float, axis: Axis, reach: float) -> float | None:
        found = [there for one in self._on(axis) if (there := one.beyond(position, axis, reach)) is not None]
        onward = [there for there in found if (there > position) == (reach > 0) and there != position]
        return min(onward or found, key=lambda there: abs(there - position - reach), default=None)

    def translated(self, position: float, axis: Axis, to: Axis) -> float:
        return self._longest.translated(position, axis, to) if len(self) else position

    def smoothed(
        self, axis: Axis, visible: tuple[float, float], columns: int, amount: float
    ) -> tuple[Floats, Floats]:
        return self.drawn(axis, visible, columns).smoothed(axis, visible, columns, amount)

    def drawn(self, axis: Axis, visible: Range, columns: int) -> SampledGroup:
        """Mean, band and count at every x of the members in a visible range, or at every column of dots."""
        key = axis, visible, columns, tuple(member.version for member in self.members)
        if key not in self._drawn:
            recent = list(self._drawn.items())[-1:]  # a second chart may show another range
            self._drawn = {**dict(recent), key: _sampled(self._on(axis), axis, visible, columns)}
        return self._drawn[key]


class SampledGroup(ChartCurve):
    """The mean of a group at rising positions of one axis, with its band."""

    def __init__(self, where: Floats, samples: _Samples, missing: Floats) -> None:
        super().__init__()
        self.counts = np.isfinite(samples.values).sum(axis=0)
        self.lows, self.highs, self.errors = _band(samples)
        mean = _mean(samples.values)
        self.extend(where, mean)
        self._where = where
        self._not_finite = np.unique(np.clip(np.searchsorted(where, missing), 0, max(len(where) - 1, 0)))

    def has_axis(self, axis: Axis) -> bool:
        return True

    def positions(self, axis: Axis) -> Floats:
        """Those of the axis that it was made for."""
        return self.steps

    @property
    def missing(self) -> NDArray[np.int64]:
        """Places at which the value of some run is no number, or not finite."""
        return self._not_finite

    @property
    def infinite(self) -> NDArray[np.int64]:
        return np.empty(0, np.int64)

    def band(self, kind: str, *, log: bool) -> tuple[ValueBlocks, ValueBlocks] | None:
        """Lower and upper end: `range` is from the least to the largest value, `error` the standard error.

        NaN where fewer than two runs have a value. None where there is no band. On a `log` axis a lower end
        that is not positive is BELOW_ALL.
        """
        low, high = (self.lows, self.highs)
        if kind == "error":
            low, high = self.values - self.errors, self.values + self.errors
        if kind == "none" or not np.isfinite(low).any():
            return None
        if log:
            high = np.where(high > 0, high, np.nan)
            low = np.where(np.isnan(high), np.nan, np.where(low > 0, low, BELOW_ALL))
        both = ValueBlocks(), ValueBlocks()
        for blocks, values in zip(both, (low, high), strict=True):
            blocks.extend(np.where(np.isfinite(values), values, np.nan))
        return both

    def changes(self) -> list[tuple[float, int]]:
        """Positions at which the number of runs is another one than before, with that number."""
        counts = self.counts
        if not len(counts):
            return []
        places = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist()]
        return [(float(self._where[place]), int(counts[place])) for place in places]


@dataclass(frozen=True, slots=True)
class _Samples:
    """Arrays of shape (runs, positions): NaN where a run does not count."""

    values: Floats
    lows: Floats
    highs: Floats
    """least and largest value of the run at the position, which may stand for several of its points"""


def _sampled(members: Sequence[ChartCurve], axis: Axis, visible: Range, columns: int) -> SampledGroup:
    ranges = [_visible_part(member.positions(axis), visible) for member in members]
    missing = [_not_finite(member, axis, *part) for member, part in zip(members, ranges, strict=True)]
    all_missing = np.concatenate([np.empty(0), *missing])
    if sum(stop - start for start, stop in ranges) <= PER_COLUMN * columns * max(1, len(members)):
        parts = [
            member.positions(axis)[start:stop] for member, (start, stop) in zip(members, ranges, strict=True)
        ]
        where = np.unique(np.concatenate([np.empty(0), *parts]))
        values = np.array([_values_at(member, axis, where) for member in members]).reshape(len(members), -1)
        return SampledGroup(where, _Samples(values, values, values), all_missing)
    where, edges = _columns(members, axis, visible, columns)
    rows = [_by_column(member, axis, where, edges) for member in members]
    return SampledGroup(where, _Samples(*(np.array(part) for part in zip(*rows, strict=True))), all_missing)


def _visible_part(positions: Floats, visible: Range) -> tuple[int, int]:
    """The indices of the visible points, with one more on either side."""
    start = int(np.searchsorted(positions, visible[0])) - 1
    stop = int(np.searchsorted(positions, visible[1], "right")) + 1
    return max(start, 0), min(stop, len(positions))


def _not_finite(member: ChartCurve, axis: Axis, start: int, stop: int) -> Floats:
    """Positions of the values that are not finite."""
    both = np.concatenate((member.missing, member.infinite))
    places: Floats = member.positions(axis)[both[(both >= start) & (both < stop)]]
    return places


def _columns(
    members: Sequence[ChartCurve], axis: Axis, visible: Range, columns: int
) -> tuple[Floats, Floats]:
    """The middles and the edges of the columns in which there are points."""
    spans = [span for member in members if (span := member.span(axis)) is not None]
    low = max(visible[0], min(span[0] for span in spans))
    high = min(visible[1], max(span[1] for span in spans))
    edges = np.linspace(low, high, columns + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    edges[-1] = np.nextafter(high, np.inf)
    middles[0], middles[-1] = low, high
    return middles, edges


def _by_column(member: ChartCurve, axis: Axis, where: Floats, edges: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, least and largest value in each column; between two points the value of the line there."""
    blocks = member.blocks(False)
    bounds = np.searchsorted(member.positions(axis), edges).astype(np.int64)
    sums, counts = blocks.sums(bounds)
    lows, highs = blocks.extremes(bounds)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = sums / counts
    empty = np.flatnonzero(np.diff(bounds) == 0)
    if len(empty):
        values[empty] = lows[empty] = highs[empty] = _values_at(member, axis, where[empty])
    return values, lows, highs


def _values_at(member: ChartCurve, axis: Axis, where: Floats) -> Floats:
    """The values of a run at positions: NaN outside of its points, and beside a value that is not finite."""
    positions, values = member.positions(axis), member.values
    if not len(where) or not len(positions):
        return np.full(len(where), np.nan)
    start, stop = _visible_part(positions, (float(where[0]), float(where[-1])))
    part, given = positions[start:stop], values[start:stop]
    finite: Indices = np.flatnonzero(np.isfinite(given)).astype(np.int64)
    if not len(finite):
        return np.full(len(where), np.nan)
    known = part[finite]
    right = np.searchsorted(known, where)
    inside = (where >= known[0]) & (where <= known[-1])
    near = np.clip(right, 0, len(known) - 1)
    is_gap = (known[near] != where) & (finite[near] - finite[np.maximum(near - 1, 0)] > 1)
    found: Floats = np.interp(where, known, given[finite])
    return np.where(inside & ~is_gap, found, np.nan)


def _mean(values: Floats) -> Floats:
    counts = np.isfinite(values).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total: Floats = np.where(np.isfinite(values), values, 0.0).sum(axis=0) / counts
    return np.where(counts > 0, total, np.nan)


def _band(samples: _Samples) -> tuple[Floats, Floats, Floats]:
    """Least and largest value and standard error; NaN where fewer than two runs have a value."""
    counts = np.isfinite(samples.values).sum(axis=0)
    several = counts > 1
    if not len(samples.values):
        return np.empty(0), np.empty(0), np.empty(0)
    low = np.where(several, np.fmin.reduce(samples.lows, axis=0), np.nan)
    high = np.where(several, np.fmax.reduce(samples.highs, axis=0), np.nan)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        offsets = np.where(np.isfinite(samples.values), samples.values - _mean(samples.values), 0.0)
        error = np.sqrt((offsets**2).sum(axis=0) / (counts - 1) / counts)
    return low, high, np.where(several, error, np.nan)


def _point(values: Floats) -> GroupPoint:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return GroupPoint(math.nan, math.nan, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(finite.std(ddof=1)) if len(finite) > 1 else math.nan
        return GroupPoint(float(finite.mean()), spread, len(finite))
