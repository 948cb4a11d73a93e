"""The columns of one curve and the lines derived from them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tui.widgets.column import Column
from tui.widgets.envelope import Envelope
from tui.widgets.series import Axis, Point
from tui.widgets.smoothing import Smoother

Floats = NDArray[np.float64]
Form = tuple[Literal["linear", "log"], float]

FORMS_KEPT = 4


class Line:
    """An envelope over one form of the values: smoothed or not, positive only for a log axis."""

    def __init__(self, form: Form) -> None:
        self._log = form[0] == "log"
        self._smoother = Smoother(form[1]) if form[1] else None
        self.envelope = Envelope()

    def catch_up(self, values: Floats) -> None:
        fresh = values[len(self.envelope) :]
        if not len(fresh):
            return
        finite = np.where(np.isfinite(fresh), fresh, np.nan)
        smooth = self._smoother.feed(finite) if self._smoother else finite
        usable = smooth > 0 if self._log else np.isfinite(smooth)
        self.envelope.extend(np.where(usable, smooth, np.nan))


class Curve:
    """Steps, seconds and values of equal length, in order of step."""

    def __init__(self) -> None:
        self._steps = Column(np.float64)
        self._seconds = Column(np.float64)
        self._values = Column(np.float64)
        self._infinite = Column(np.int64)
        self._lines: dict[Form, Line] = {}
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

    def line(self, log: bool, weight: float = 0.0) -> Envelope:
        """The envelope of one form of the values, up to date with them."""
        form: Form = ("log" if log else "linear", weight)
        line = self._lines.pop(form, None) or Line(form)
        line.catch_up(self.values)
        self._lines[form] = line
        while len(self._lines) > FORMS_KEPT:
            del self._lines[next(iter(self._lines))]
        return line.envelope

    def point(self, index: int, weight: float) -> Point:
        smooth = float(self.line(False, weight).values[index]) if weight else None
        return Point(float(self.steps[index]), float(self.seconds[index]), float(self.values[index]), smooth)

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
        """The position on the other axis, between points in proportion."""
        here, there = (self.steps, self.seconds) if axis == "step" else (self.seconds, self.steps)
        return float(np.interp(position, here, there))

    def _append(self, step: Floats, value: Floats, time: Floats) -> None:
        """Clocks may be set back; time on the axis never runs backwards."""
        self._origin = float(time[0]) if self._origin is None else self._origin
        latest = self.seconds[-1] if len(self) else 0.0
        self._seconds.extend(np.maximum.accumulate(np.maximum(time - self._origin, latest)))
        self._infinite.extend(np.flatnonzero(np.isinf(value)) + len(self))
        self._steps.extend(step)
        self._values.extend(value)
