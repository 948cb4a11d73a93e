"""The arrays of one curve: minima, maxima and sums of ranges of a long one, and its smoothed line."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tui.chart.chart_view import Axis
from tui.chart.run_axes import RunAxes

Number = TypeVar("Number", np.float64, np.int64)
FIRST_ROOM = 64
WAITING = 4096
"""points that wait as lists at most"""


class NumberColumn(Generic[Number]):
    """One-dimensional; appending takes amortised constant time, `view` is the filled part without a copy."""

    def __init__(self, dtype: type[Number]) -> None:
        self._room: NDArray[Number] = np.empty(0, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[Number]:
        return self._room[: self._length]

    def extend(self, values: ArrayLike) -> None:
        new: NDArray[Any] = np.asarray(values, self._room.dtype)
        end = self._length + len(new)
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room), FIRST_ROOM), self._room.dtype)
            room[: self._length] = self.view
            self._room = room
        self._room[self._length : end] = new
        self._length = end

    def truncate(self, length: int) -> None:
        self._length = min(self._length, length)


BLOCK = 32

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class ValueBlocks:
    """A growing array of values, NaN for a gap, with minimum, maximum, sum and count of every 32 points."""

    def __init__(self) -> None:
        self._values = NumberColumn(np.float64)
        self._lows = NumberColumn(np.float64)
        self._highs = NumberColumn(np.float64)
        self._sums = NumberColumn(np.float64)
        self._counts = NumberColumn(np.float64)
        self._hole_starts = NumberColumn(np.int64)
        self._hole_ends = NumberColumn(np.int64)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Floats:
        return self._values.view

    def extend(self, values: Floats) -> None:
        self._add_holes(values)
        self._values.extend(values)
        self._add_blocks()

    def extremes(self, bounds: Indices) -> tuple[Floats, Floats]:
        """Lowest and highest value of each [bounds[i], bounds[i + 1]); NaN where there is none."""
        low = np.full(len(bounds) - 1, np.nan)
        high = low.copy()
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            starts, stops = bounds[filled], bounds[filled + 1]
            dense = stops[-1] - starts[0] > 2 * BLOCK * len(filled)
            low[filled], high[filled] = (self._by_blocks if dense else self._by_points)(starts, stops)
        return low, high

    def sums(self, bounds: Indices) -> tuple[Floats, Floats]:
        """Sum and count of the numbers in each [bounds[i], bounds[i + 1])."""
        total, count = np.zeros(len(bounds) - 1), np.zeros(len(bounds) - 1)
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            starts, stops = bounds[filled], bounds[filled + 1]
            dense = stops[-1] - starts[0] > 2 * BLOCK * len(filled)
            with np.errstate(over="ignore", invalid="ignore"):
                found = (self._sums_by_blocks if dense else self._sums_by_points)(starts, stops)
            total[filled], count[filled] = found
        return total, count

    def ends(self, bounds: Indices) -> tuple[Indices, Indices]:
        """Index of the first and last number in each [bounds[i], bounds[i + 1]); first > last where none."""
        return self._forward(bounds[:-1]), self._backward(bounds[1:] - 1)

    def joined(self, before: Indices, after: Indices) -> NDArray[np.bool_]:
        """Whether no NaN lies between the two numbers at each pair of indices."""
        starts = self._hole_starts.view
        joined: NDArray[np.bool_] = np.searchsorted(starts, before) == np.searchsorted(starts, after)
        return joined

    def _forward(self, index: Indices) -> Indices:
        if not len(self._hole_ends):
            return index
        hole = np.searchsorted(self._hole_ends.view, index, "right")
        near = np.minimum(hole, len(self._hole_ends) - 1)
        inside = (hole == near) & (self._hole_starts.view[near] <= index)
        return np.where(inside, self._hole_ends.view[near], index)

    def _backward(self, index: Indices) -> Indices:
        if not len(self._hole_starts):
            return index
        hole = np.searchsorted(self._hole_starts.view, index, "right") - 1
        near = np.maximum(hole, 0)
        inside = (hole == near) & (self._hole_ends.view[near] > index)
        return np.where(inside, self._hole_starts.view[near] - 1, index)

    def _by_points(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        values = self.values[starts[0] : stops[-1]]
        return np.fmin.reduceat(values, starts - starts[0]), np.fmax.reduceat(values, starts - starts[0])

    def _by_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        edges, whole, cuts = self._in_blocks(starts, stops)
        low, high = np.fmin.reduce(edges, axis=1), np.fmax.reduce(edges, axis=1)
        if len(cuts):
            low[whole] = np.fmin(low[whole], np.fmin.reduceat(self._lows.view, cuts)[::2])
            high[whole] = np.fmax(high[whole], np.fmax.reduceat(self._highs.view, cuts)[::2])
        return low, high

    def _sums_by_points(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        values = self.values[starts[0] : stops[-1]]
        there = ~np.isnan(values)
        cuts = starts - starts[0]
        return np.add.reduceat(np.where(there, values, 0.0), cuts), np.add.reduceat(there.astype(float), cuts)

    def _sums_by_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        edges, whole, cuts = self._in_blocks(starts, stops)
        there = ~np.isnan(edges)
        total, count = np.where(there, edges, 0.0).sum(axis=1), there.sum(axis=1, dtype=np.float64)
        if len(cuts):
            total[whole] += np.add.reduceat(self._sums.view, cuts)[::2]
            count[whole] += np.add.reduceat(self._counts.view, cuts)[::2]
        return total, count

    def _in_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Indices, Indices]:
        """Values before and behind the whole blocks of each range; which have whole blocks; their bounds."""
        first, last = -(-starts // BLOCK), stops // BLOCK
        head_stops = np.minimum(first * BLOCK, stops)
        tail_starts = np.maximum(last * BLOCK, head_stops)
        heads, tails = self._gathered(starts, head_stops), self._gathered(tail_starts, stops)
        whole = np.flatnonzero(last > first)
        pairs = np.stack((first[whole], last[whole]), axis=1).ravel()
        cuts = pairs[:-1] if len(pairs) and pairs[-1] == len(self._lows) else pairs
        return np.concatenate((heads, tails), axis=1), whole, cuts

    def _gathered(self, starts: Indices, stops: Indices) -> Floats:
        """The values of ranges shorter than a block, one row each, padded with NaN."""
        index = starts[:, None] + np.arange(BLOCK)
        values: Floats = self.values[np.minimum(index, len(self) - 1)]
        values[index >= stops[:, None]] = np.nan
        return values

    def _add_blocks(self) -> None:
        done, complete = len(self._lows), len(self) // BLOCK
        blocks = self.values[done * BLOCK : complete * BLOCK].reshape(-1, BLOCK)
        self._lows.extend(np.fmin.reduce(blocks, axis=1))
        self._highs.extend(np.fmax.reduce(blocks, axis=1))
        there = ~np.isnan(blocks)
        with np.errstate(over="ignore", invalid="ignore"):
            self._sums.extend(np.where(there, blocks, 0.0).sum(axis=1))
        self._counts.extend(there.sum(axis=1))

    def _add_holes(self, values: Floats) -> None:
        """Record the ranges of NaN; one that continues that of the last chunk extends it."""
        missing = np.isnan(values)
        if not missing.any():
            return
        steps = np.diff(np.concatenate(([False], missing, [False])).astype(np.int8))
        starts, ends = np.flatnonzero(steps == 1) + len(self), np.flatnonzero(steps == -1) + len(self)
        if len(self._hole_ends) and self._hole_ends.view[-1] == starts[0]:
            self._hole_ends.view[-1] = ends[0]
            starts, ends = starts[1:], ends[1:]
        self._hole_starts.extend(starts)
        self._hole_ends.extend(ends)


PARTS = 1000
"""distances are counted in thousandths of the visible range"""
LARGEST = 0.999
FORGOTTEN = 7.0
"""weights below exp(-FORGOTTEN) are ignored"""


def decay(amount: float, share: float) -> float:
    """The factor of a weight after `share` of the visible range; `amount` in (0, 1)."""
    return float(min(math.sqrt(amount), LARGEST) ** (PARTS * share))


def reach(amount: float) -> float:
    """The share of the visible range after which a weight can be ignored."""
    return FORGOTTEN / (-math.log(min(math.sqrt(amount), LARGEST)) * PARTS)


def averages(places: Floats, sums: Floats, counts: Floats, amount: float) -> Floats:
    """The exponential moving average at each place of all points up to there, by distance in x, as W&B's time
    weighted EMA.

    places: rising, as shares of the visible range. sums, counts: of the points at each place.
    A place without a number is NaN and leaves the average unchanged.
    """
    found = np.full(len(places), np.nan)
    total = weight = 0.0
    before = places[0] if len(places) else 0.0
    for index, (place, added, count) in enumerate(
        zip(places.tolist(), sums.tolist(), counts.tolist(), strict=True)
    ):
        if not count:
            continue
        left = decay(amount, place - before)
        total, weight, before = total * left + added, weight * left + count, place
        found[index] = total / weight
    return np.where(np.isfinite(found), found, np.nan)


class FiniteBlocks:
    """The blocks of the finite values, for a log axis of the positive ones."""

    def __init__(self, log: bool) -> None:
        self._log = log
        self.blocks = ValueBlocks()

    def update(self, values: Floats) -> None:
        fresh = values[len(self.blocks) :]
        if len(fresh):
            usable = np.isfinite(fresh) & (fresh > 0) if self._log else np.isfinite(fresh)
            self.blocks.extend(np.where(usable, fresh, np.nan))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One logged value."""

    step: float
    time: float
    value: float


class ChartCurve:
    """Steps, seconds and values of equal length, in order of step. NaN and infinities are gaps.

    Times are seconds since any origin, drawn relative to the first. Whole columns (`array`) are kept as they
    come, shared with other curves, until something is asked for: of many imported metrics few are drawn.
    """

    def __init__(self, axes: RunAxes | None = None) -> None:
        """`axes` are those of its run: time is then counted from the start of the run."""
        self.version = 0
        """counts changes"""
        self._axes = axes
        self._on_other_axes: dict[Axis, tuple[object, Floats]] = {}
        self._steps = NumberColumn(np.float64)
        self._seconds = NumberColumn(np.float64)
        self._values = NumberColumn(np.float64)
        self._infinite = NumberColumn(np.int64)
        self._missing = NumberColumn(np.int64)
        self._blocks: dict[bool, FiniteBlocks] = {}
        self._origin: float | None = None
        self._waiting: list[tuple[list[Any], list[Any], list[Any]]] = []
        """points that are not in the arrays yet: most of the curves of a run are never drawn"""
        self._waiting_count = 0
        self._whole: list[tuple[array[Any], Sequence[float], array[Any]]] = []
        """as `_waiting`, whole columns of rising steps, values perhaps undecoded; never both"""

    def __len__(self) -> int:
        if self._waiting:
            self._add_waiting()
        return len(self._values) + sum(len(steps) for steps, _, _ in self._whole)

    @property
    def steps(self) -> Floats:
        self._add_waiting()
        return self._steps.view

    @property
    def seconds(self) -> Floats:
        """Time since the first point ever added."""
        self._add_waiting()
        return self._seconds.view

    def has_axis(self, axis: Axis) -> bool:
        return axis in ("step", "time") or (self._axes is not None and self._axes.has(axis))

    def positions(self, axis: Axis) -> Floats:
        """Rising; steps where the run has no such axis."""
        if axis == "time":
            return self.seconds
        if axis == "step" or self._axes is None or not self._axes.has(axis):
            return self.steps
        key = self.version, len(self), self._axes.version(axis)
        known = self._on_other_axes.get(axis)
        if known is None or known[0] != key:
            known = key, self._axes.positions(axis, self.steps, self.seconds)
            self._on_other_axes[axis] = known
        return known[1]

    def span(self, axis: Axis) -> tuple[float, float] | None:
        """First and last position on the axis; None without points."""
        positions = self.positions(axis)
        return (float(positions[0]), float(positions[-1])) if len(self) else None

    @property
    def last_step(self) -> float:
        """-1 without points."""
        if self._waiting:
            return float(max(self._waiting[-1][0]))
        if self._whole:
            return float(self._whole[-1][0][-1])
        return float(self.steps[-1]) if len(self) else -1.0

    @property
    def values(self) -> Floats:
        self._add_waiting()
        return self._values.view

    @property
    def infinite(self) -> NDArray[np.int64]:
        """Indices of the infinities."""
        self._add_waiting()
        return self._infinite.view

    @property
    def missing(self) -> NDArray[np.int64]:
        """Indices of the values that are no number."""
        self._add_waiting()
        return self._missing.view

    def extend(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None = None) -> None:
        """Append points; without `times` the steps stand for them.

        Points whose steps go back replace all later ones: the run was rewound. Those of an `array` increase.
        """
        if self._axes is not None and times is not None and np.size(times):
            self._axes.see_time(float(np.asarray(times[:1], np.float64)[0]))  # type: ignore[index]
        is_lists = isinstance(steps, list) and isinstance(values, list) and isinstance(times, list)
        if is_lists and len(steps) == len(values) == len(times):  # type: ignore[arg-type]
            self._wait(steps, values, times)  # type: ignore[arg-type]
        elif not self._keep(steps, values, times):
            self._add_waiting()
            self._extend(steps, values, times)

    def _keep(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None) -> bool:
        """Keep whole columns as they are where they go on behind the last point; returns whether they do."""
        is_whole = isinstance(values, array) or hasattr(type(values), "__array_interface__")
        if not (isinstance(steps, array) and isinstance(times, array) and is_whole):
            return False
        values = cast(Sequence[float], values)
        if not len(steps) == len(values) == len(times) > 0 or steps[0] <= self.last_step:
            return False
        if self._waiting:
            self._add_waiting()
        self._whole.append((steps, values, times))
        self.version += 1
        return True

    def _wait(self, steps: list[Any], values: list[Any], times: list[Any]) -> None:
        if self._whole:
            self._add_waiting()
        if steps:
            self.version += 1
            self._waiting.append((steps, values, times))
            self._waiting_count += len(steps)
        if self._waiting_count > WAITING:
            self._add_waiting()

    def _add_waiting(self) -> None:
        """Add the waiting points to the arrays, those whose steps rise on at once."""
        version = self.version
        whole, self._whole = self._whole, []
        for columns in whole:
            self._extend(*columns)
        self.version = version
        if not self._waiting:
            return
        waiting, self._waiting, self._waiting_count = self._waiting, [], 0
        steps, values, times = list[Any](), list[Any](), list[Any]()
        for more_steps, more_values, more_times in waiting:
            if steps and more_steps[0] < steps[-1]:
                self._extend(steps, values, times)
                steps, values, times = [], [], []
            steps.extend(more_steps)
            values.extend(more_values)
            times.extend(more_times)
        self._extend(steps, values, times)
        self.version = version

    def _extend(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None) -> None:
        step, value = np.asarray(steps, np.float64), np.asarray(values, np.float64)
        time = step if times is None else np.asarray(times, np.float64)
        if not len(step) == len(value) == len(time):
            sizes = f"{len(step)} steps, {len(value)} values, {len(time)} times"
            raise ValueError(f"a curve grows by equally many of each, got {sizes}")
        if not len(step):
            return
        if np.any(np.diff(step) < 0):
            order = np.argsort(step, kind="stable")
            step, value, time = step[order], value[order], time[order]
        if len(self) and step[0] < self.steps[-1]:
            self.evict_after(float(np.nextafter(step[0], -np.inf)))
        self._append(step, value, time)

    def evict_after(self, step: float) -> None:
        """Remove every point later than `step`."""
        self._add_waiting()
        self.version += 1
        length = int(np.searchsorted(self.steps, step, "right"))
        for column in (self._steps, self._seconds, self._values):
            column.truncate(length)
        for indices in (self._infinite, self._missing):
            indices.truncate(int(np.searchsorted(indices.view, length)))
        self._blocks.clear()

    def blocks(self, log: bool) -> ValueBlocks:
        """The values so far that a log axis shows, or a linear one, in blocks."""
        line = self._blocks.setdefault(log, FiniteBlocks(log))
        line.update(self.values)
        return line.blocks

    def smoothed(
        self, axis: Axis, visible: tuple[float, float], columns: int, amount: float
    ) -> tuple[Floats, Floats]:
        """Rising positions and the smoothed value at each: one per non-empty one of `columns` over `visible`.

        One more on either side, so that the line reaches the edges; NaN where a column has no number.
        """
        positions, blocks = self.positions(axis), self.blocks(False)
        low, high = visible
        width = (high - low) / (columns - 1)
        lead = min(math.ceil(reach(amount) * (columns - 1)), 4 * columns)
        places = np.arange(-lead, columns)
        edges = low + (np.arange(-lead, columns + 1) - 0.5) * width
        edges[-1] = np.nextafter(high, np.inf)
        bounds = np.searchsorted(positions, edges).astype(np.int64)
        sums, counts = blocks.sums(bounds)
        where = np.minimum(low + places * width, high)
        filled = np.flatnonzero(np.diff(bounds))
        where, sums, counts = where[filled], sums[filled], counts[filled]
        if bounds[0] > 0:
            where, sums, counts = self._beside(bounds[0] - 1, axis, where, sums, counts, 0)
        if bounds[-1] < len(self):
            where, sums, counts = self._beside(bounds[-1], axis, where, sums, counts, len(where))
        return where, averages((where - low) / (high - low), sums, counts, amount)

    def _beside(
        self, index: int, axis: Axis, where: Floats, sums: Floats, counts: Floats, at: int
    ) -> tuple[Floats, Floats, Floats]:
        """Insert one point that lies outside all columns."""
        value = self.values[index]
        number = float(np.isfinite(value))
        return (
            np.insert(where, at, self.positions(axis)[index]),
            np.insert(sums, at, value if number else 0.0),
            np.insert(counts, at, number),
        )

    def point(self, index: int) -> CurvePoint:
        return CurvePoint(float(self.steps[index]), float(self.seconds[index]), float(self.values[index]))

    def last(self) -> CurvePoint | None:
        return self.point(len(self) - 1) if len(self) else None

    def near(self, position: float, axis: Axis) -> CurvePoint | None:
        """The point nearest to a position; None outside the curve."""
        span = self.span(axis)
        if span is None or not span[0] <= position <= span[1]:
            return None
        return self.point(self.nearest(position, axis))

    def nearest(self, position: float, axis: Axis) -> int:
        positions = self.positions(axis)
        right = int(np.searchsorted(positions, position))
        if right == 0 or right == len(self):
            return min(right, len(self) - 1)
        return right if positions[right] - position < position - positions[right - 1] else right - 1

    def nearest_position(self, position: float, axis: Axis) -> float:
        """The position of the nearest point; of a curve with points."""
        return float(self.positions(axis)[self.nearest(position, axis)])

    def note(self, position: float | None, axis: Axis) -> str:
        """What a legend says behind the value at a position, or behind the last one; empty but for groups."""
        return ""

    def drawn(self, axis: Axis, visible: tuple[float, float], columns: int) -> ChartCurve:
        """What is drawn of it in a range of that many columns of dots."""
        return self

    def beyond(self, position: float, axis: Axis, reach: float) -> float | None:
        """The position of the point about `reach` away from `position` (negative: to the left)."""
        if not len(self):
            return None
        positions = self.positions(axis)
        index = self.nearest(position + reach, axis)
        if reach > 0 and positions[index] <= position:
            index = min(int(np.searchsorted(positions, position, "right")), len(self) - 1)
        elif reach < 0 and positions[index] >= position:
            index = max(int(np.searchsorted(positions, position)) - 1, 0)
        return float(positions[index])

    def translated(self, position: float, axis: Axis, to: Axis) -> float:
        """The position on another axis, by linear interpolation between points."""
        if not len(self) or axis == to:
            return position
        return float(np.interp(position, self.positions(axis), self.positions(to)))

    def _append(self, step: Floats, value: Floats, time: Floats) -> None:
        """Time on the axis never decreases, also where the clock was set back."""
        self.version += 1
        if self._origin is None:
            is_known = self._axes is not None and self._axes.start < math.inf
            self._origin = self._axes.start if self._axes is not None and is_known else float(time[0])
        latest = self.seconds[-1] if len(self) else 0.0
        self._seconds.extend(np.maximum.accumulate(np.maximum(time - self._origin, latest)))
        self._infinite.extend(np.flatnonzero(np.isinf(value)) + len(self))
        self._missing.extend(np.flatnonzero(np.isnan(value)) + len(self))
        self._steps.extend(step)
        self._values.extend(value)


AVERAGES = 400


class AveragedCurve(ChartCurve):
    """A copy of another curve; of a long one, means of equal parts."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: tuple[ChartCurve, int, float] | None = None

    def follow(self, other: ChartCurve, per_unit: float = 1.0) -> AveragedCurve:
        """Copy `other` if it changed, with x in units of `per_unit` steps."""
        now = (other, other.version, per_unit)
        if now != self._followed:
            self.evict_after(float("-inf"))
            self._copy(other, per_unit)
            self._followed = now
        return self

    def _copy(self, other: ChartCurve, per_unit: float) -> None:
        if not len(other):
            return
        steps, values = other.steps, other.values
        each = max(1, len(values) // AVERAGES)
        whole = len(values) - len(values) % each
        self.extend(steps[each - 1 : whole : each] / per_unit, values[:whole].reshape(-1, each).mean(axis=1))
