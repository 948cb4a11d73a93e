"""One curve: what was logged, and the forms it is drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from tui.widgets.curve import Curve

Axis = Literal["step", "time"]


@dataclass(frozen=True, slots=True)
class Point:
    """One logged value."""

    step: float
    time: float
    value: float


class Series:
    """A labelled curve that grows. NaN and infinities are gaps; `key` says whose curve it is.

    Times are seconds since any origin, drawn from the first one on. NumPy comes with the first points.
    """

    def __init__(self, key: str, label: str, *, hue: int = 0) -> None:
        self.key = key
        self.label = label
        self.hue = hue
        self.version = 0
        self._curve: Curve | None = None

    def __len__(self) -> int:
        return len(self._curve) if self._curve else 0

    @property
    def curve(self) -> Curve:
        if self._curve is None:
            from tui.widgets.curve import Curve

            self._curve = Curve()
        return self._curve

    def extend(self, steps: ArrayLike, values: ArrayLike, times: ArrayLike | None = None) -> None:
        """Add points at the end; without times, time counts like steps.

        Points that go back in step replace what came after them: the run was rewound.
        """
        self.curve.extend(steps, values, times)
        self.version += 1

    def evict_after(self, step: float) -> None:
        """Forget every point later than `step`."""
        if self._curve is not None:
            self._curve.evict_after(step)
            self.version += 1

    def span(self, axis: Axis) -> tuple[float, float] | None:
        """First and last position on the axis."""
        positions = self.positions(axis)
        return (float(positions[0]), float(positions[-1])) if positions is not None else None

    def positions(self, axis: Axis) -> NDArray[np.float64] | None:
        if not len(self):
            return None
        return self.curve.positions(axis)

    def last(self) -> Point | None:
        return self.curve.point(len(self) - 1) if len(self) else None

    def near(self, position: float, axis: Axis) -> Point | None:
        """The point nearest to a position, or None outside the curve."""
        span = self.span(axis)
        if span is None or not span[0] <= position <= span[1]:
            return None
        return self.curve.point(self.curve.nearest(position, axis))

    def beyond(self, position: float, axis: Axis, reach: float) -> float | None:
        """Where the crosshair lands from `position` going `reach` (negative: left), always on a point."""
        return self.curve.beyond(position, axis, reach) if len(self) else None

    def translated(self, position: float, axis: Axis) -> float:
        """A position on the other axis."""
        return self.curve.translated(position, axis) if len(self) else position


def pick(series: Sequence[Series], key: str | None) -> Series | None:
    """The series called `key`, else the first."""
    for candidate in series:
        if candidate.key == key:
            return candidate
    return series[0] if series else None
