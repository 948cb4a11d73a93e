"""The arrays of one curve, and its envelope and smoothed line."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tui.chart.envelope import Envelope
from tui.chart.number_column import NumberColumn
from tui.chart.series import Axis, CurvePoint
from tui.chart.smoothing import averages, reach

Floats = NDArray[np.float64]


class CurveLine:
    """The envelope of the finite values, for a log axis of the positive ones."""

    def __init__(self, log: bool) -> None:
        self._log = log
        self.envelope = Envelope()

    def update(self, values: Floats) -> None:
        fresh = values[len(self.envelope) :]
        if len(fresh):
            usable = np.isfinite(fresh) & (fresh > 0) if self._log else np.isfinite(fresh)
            self.envelope.extend(np.where(usable, fresh, np.nan))


class ChartCurve:
    """Steps, seconds and values of equal length, in order of step."""

    def __init__(self) -> None:
        self._steps = NumberColumn(np.float64)
        self._seconds = NumberColumn(np.float64)
        self._values = NumberColumn(np.float64)
        self._infinite = NumberColumn(np.int64)
        self._lines: dict[bool, CurveLine] = {}
        self._origin: float | None = None

    def __len__(self) -> int:
        return len(self._values)

    @property
    def steps(self) -> Floats:
        return self._steps.view

    @property
    def seconds(self) -> Floats:
        """Time since the first point ever added."""
        return self._seconds.view

    def positions(self, axis: Axis) -> Floats:
        return self.steps if axis == "step" else self.seconds

    @property
    def values(self) -> Floats:
        return self._values.view

    @property
    def infinite(self) -> NDArray[np.int64]:
        """Indices of the infinities."""
        return self._infinite.view

    def extend(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None = None) -> None:
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
        length = int(np.searchsorted(self.steps, step, "right"))
        for column in (self._steps, self._seconds, self._values):
            column.truncate(length)
        self._infinite.truncate(int(np.searchsorted(self._infinite.view, length)))
        self._lines.clear()

    def line(self, log: bool) -> Envelope:
        """The envelope of all values so far, for a log axis or a linear one."""
        line = self._lines.setdefault(log, CurveLine(log))
        line.update(self.values)
        return line.envelope

    def smoothed(
        self, axis: Axis, visible: tuple[float, float], columns: int, amount: float
    ) -> tuple[Floats, Floats]:
        """Rising positions and the smoothed value at each: one per non-empty one of `columns` over `visible`.

        One more on either side, so that the line reaches the edges; NaN where a column has no number.
        """
        positions, envelope = self.positions(axis), self.line(False)
        low, high = visible
        width = (high - low) / (columns - 1)
        lead = min(math.ceil(reach(amount) * (columns - 1)), 4 * columns)
        places = np.arange(-lead, columns)
        edges = low + (np.arange(-lead, columns + 1) - 0.5) * width
        edges[-1] = np.nextafter(high, np.inf)
        bounds = np.searchsorted(positions, edges).astype(np.int64)
        sums, counts = envelope.sums(bounds)
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

    def nearest(self, position: float, axis: Axis) -> int:
        positions = self.positions(axis)
        right = int(np.searchsorted(positions, position))
        if right == 0 or right == len(self):
            return min(right, len(self) - 1)
        return right if positions[right] - position < position - positions[right - 1] else right - 1

    def beyond(self, position: float, axis: Axis, reach: float) -> float:
        positions = self.positions(axis)
        index = self.nearest(position + reach, axis)
        if reach > 0 and positions[index] <= position:
            index = min(int(np.searchsorted(positions, position, "right")), len(self) - 1)
        elif reach < 0 and positions[index] >= position:
            index = max(int(np.searchsorted(positions, position)) - 1, 0)
        return float(positions[index])

    def translated(self, position: float, axis: Axis) -> float:
        """The position on the other axis, by linear interpolation between points."""
        here, there = (self.steps, self.seconds) if axis == "step" else (self.seconds, self.steps)
        return float(np.interp(position, here, there))

    def _append(self, step: Floats, value: Floats, time: Floats) -> None:
        """Time on the axis never decreases, also where the clock was set back."""
        self._origin = float(time[0]) if self._origin is None else self._origin
        latest = self.seconds[-1] if len(self) else 0.0
        self._seconds.extend(np.maximum.accumulate(np.maximum(time - self._origin, latest)))
        self._infinite.extend(np.flatnonzero(np.isinf(value)) + len(self))
        self._steps.extend(step)
        self._values.extend(value)
