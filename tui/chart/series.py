"""A labelled curve; the points are shared by all series made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from tui.chart.curve_arrays import ChartCurve

Axis = Literal["step", "time"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One logged value."""

    step: float
    time: float
    value: float


@dataclass(slots=True, eq=False)
class _Logged:
    """The points, shared by all series of one curve; `version` counts changes."""

    curve: ChartCurve | None = None
    version: int = 0


class CurveSeries:
    """A labelled curve that grows. NaN and infinities are gaps; `key` identifies its run or metric.

    `part` distinguishes curves of one key: empty, or `val` for the validation beside the training.

    Times are seconds since any origin, drawn relative to the first. NumPy is imported with the first points.
    """

    def __init__(self, key: str, label: str, *, hue: int = 0, part: str = "") -> None:
        self.key = key
        self.label = label
        self.hue = hue
        self.part = part
        self._logged = _Logged()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CurveSeries) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[int, str, str, int, str]:
        return id(self._logged), self.key, self.label, self.hue, self.part

    def with_style(self, label: str, hue: int, key: str | None = None, part: str = "") -> CurveSeries:
        """The same growing points with another label, hue, key and part."""
        made = CurveSeries(self.key if key is None else key, label, hue=hue, part=part)
        made._logged = self._logged
        return made

    @property
    def version(self) -> int:
        return self._logged.version

    def __len__(self) -> int:
        return len(self._logged.curve) if self._logged.curve else 0

    @property
    def curve(self) -> ChartCurve:
        if self._logged.curve is None:
            from tui.chart.curve_arrays import ChartCurve

            self._logged.curve = ChartCurve()
        return self._logged.curve

    def extend(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None = None) -> None:
        """Append points; without `times` the steps stand for them.

        Points whose steps go back replace all later ones: the run was rewound.
        """
        self.curve.extend(steps, values, times)
        self._logged.version += 1

    def evict_after(self, step: float) -> None:
        """Remove every point later than `step`."""
        if self._logged.curve is not None:
            self._logged.curve.evict_after(step)
            self._logged.version += 1

    def span(self, axis: Axis) -> tuple[float, float] | None:
        """First and last position on the axis."""
        positions = self.positions(axis)
        return (float(positions[0]), float(positions[-1])) if positions is not None else None

    def positions(self, axis: Axis) -> NDArray[np.float64] | None:
        if not len(self):
            return None
        return self.curve.positions(axis)

    def last(self) -> CurvePoint | None:
        return self.curve.point(len(self) - 1) if len(self) else None

    @property
    def last_step(self) -> float:
        """-1 without points."""
        return float(self.curve.steps[-1]) if len(self) else -1.0

    def near(self, position: float, axis: Axis) -> CurvePoint | None:
        """The point nearest to a position; None outside the curve."""
        span = self.span(axis)
        if span is None or not span[0] <= position <= span[1]:
            return None
        return self.curve.point(self.curve.nearest(position, axis))

    def beyond(self, position: float, axis: Axis, reach: float) -> float | None:
        """The position of the point about `reach` away from `position` (negative: to the left)."""
        return self.curve.beyond(position, axis, reach) if len(self) else None

    def translated(self, position: float, axis: Axis) -> float:
        """A position on the other axis."""
        return self.curve.translated(position, axis) if len(self) else position


def pick(series: Sequence[CurveSeries], key: str | None) -> CurveSeries | None:
    """The series with that key, else the first; None of no series."""
    for candidate in series:
        if candidate.key == key:
            return candidate
    return series[0] if series else None
