"""Where the steps of a run are on the other x axes: epochs, samples, the clock on the wall."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.chart.chart_view import Axis

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve, Floats

LOGGED: Mapping[Axis, frozenset[str]] = {
    "epoch": frozenset({"epoch", "epochs"}),
    "samples": frozenset({"samples", "examples", "num_samples", "samples_seen", "consumed_samples"}),
}
"""names of metrics, behind their last `/`, that give the axis at a step"""
UNIX = 1e8
"""times above this are seconds since 1970, those below seconds of training"""
SAME = 0.5
"""seconds by which the two clocks may drift before another point is kept"""


class RunAxes:
    """Shared by the curves of a run."""

    def __init__(self, metrics: Mapping[str, ChartCurve] | None = None) -> None:
        """`metrics` are the curves of the run by name, among them the logged epoch."""
        self._metrics: Mapping[str, ChartCurve] = metrics if metrics is not None else {}
        self.per_step: dict[Axis, float] = {}
        """epochs and samples of a step, where all steps have as many"""
        self.start = math.inf
        """the time of the first point of all curves: 0, or seconds since 1970 where times are those"""
        self._seconds: list[float] = []
        self._clock: list[float] = []
        self._found: tuple[int, dict[Axis, ChartCurve]] = (-1, {})

    def see_time(self, first: float) -> None:
        """The first time of points that are added."""
        self.start = min(self.start, first if first > UNIX else 0.0)

    def add_clock(self, seconds: float, at: float) -> None:
        """So many seconds of training were over at a time on the wall clock (seconds since 1970)."""
        is_straight = len(self._clock) > 1 and all(
            abs((at - seconds) - (clock - second)) < SAME
            for clock, second in zip(self._clock[-2:], self._seconds[-2:], strict=True)
        )
        if is_straight:
            self._clock[-1], self._seconds[-1] = at, seconds
        else:
            self._clock.append(at)
            self._seconds.append(seconds)

    def has(self, axis: Axis) -> bool:
        if axis == "clock":
            return bool(self._clock) or UNIX < self.start < math.inf
        return axis in ("step", "time") or axis in self.per_step or axis in self._logged()

    def positions(self, axis: Axis, steps: Floats, seconds: Floats) -> Floats:
        """The positions of points on an axis that the run has; they never fall."""
        import numpy as np

        if axis == "clock":
            if self.start > UNIX:
                return seconds + self.start
            return np.interp(seconds, self._seconds, self._clock)
        logged = self._logged().get(axis)
        if logged is None:
            return steps * self.per_step.get(axis, 1.0)
        finite = np.isfinite(logged.values)
        if not finite.any():
            return steps * 0.0
        rising = np.maximum.accumulate(logged.values[finite])
        found: Floats = np.interp(steps, logged.steps[finite], rising)
        return found

    def version(self, axis: Axis) -> object:
        """Changes with the positions of points that are there already."""
        if axis == "clock":
            return len(self._clock), self._clock[-1:], self.start
        logged = self._logged().get(axis)
        return logged.version if logged is not None else self.per_step.get(axis)

    def _logged(self) -> Mapping[Axis, ChartCurve]:
        """The metric that gives each axis; the first one by name."""
        if self._found[0] != len(self._metrics):
            found: dict[Axis, ChartCurve] = {}
            for name, curve in self._metrics.items():
                last = name.rpartition("/")[2].casefold()
                for axis, names in LOGGED.items():
                    if last in names:
                        found.setdefault(axis, curve)
            self._found = len(self._metrics), found
        return self._found[1]
