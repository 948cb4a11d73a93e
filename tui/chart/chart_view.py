"""The view of a chart (range, axes, smoothing, crosshair), with its JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from engine.protocol import Bounds, fitting

WEIGHTS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
MIDDLING = 0.9
ZOOM = 2.0
PAN = 0.25
Y_RANGES_LIMIT = 200

Axis = Literal["step", "epoch", "samples", "time", "clock"]
AXES: tuple[Axis, ...] = ("step", "epoch", "samples", "time", "clock")
LEAST_WIDTH: Mapping[Axis, float] = {"step": 4.0, "samples": 4.0, "epoch": 0.01, "time": 0.1, "clock": 0.1}
"""the narrowest range that a zoom shows"""
Band = Literal["range", "error", "none"]
"""around the mean of a group: from the least to the largest value, the standard error, or no band"""
BANDS: tuple[Band, ...] = ("range", "error", "none")
Position = Annotated[float, Bounds(-1e300, 1e300)]
Range = tuple[Position, Position]


@dataclass(frozen=True, slots=True)
class ChartView:
    """`x` is the range in steps or seconds, None for all of it; `follow` keeps the newest point visible.

    `raw` shows the values as they were logged and keeps the amount of smoothing for later. `trimmed` fits
    the value axis to the middle nine tenths of the visible values. `paired`: a metric of validation is drawn
    in the chart of its metric of training.
    """

    metric: str = ""
    x: Range | None = None
    log: bool = False
    axis: Axis = "step"
    smoothing: Annotated[float, Bounds(0, math.nextafter(1, 0))] = 0.0
    crosshair: Position | None = None
    follow: bool = True
    raw: bool = False
    trimmed: bool = False
    paired: bool = True
    band: Band = "range"
    y_ranges: Mapping[str, Range] = field(default_factory=dict)
    """the range of the value axis that was set by hand, by metric"""

    @property
    def y_range(self) -> Range | None:
        """The range of the value axis that was set for the metric; not on a log axis from 0 or below."""
        found = self.y_ranges.get(self.metric)
        return None if found is None or (self.log and found[0] <= 0) else found

    def with_y_range(self, found: Range | None) -> ChartView:
        """With the range of the value axis of the metric; None: one that fits the values."""
        others = {metric: one for metric, one in self.y_ranges.items() if metric != self.metric}
        kept = dict(list(others.items())[-Y_RANGES_LIMIT:])
        return replace(self, y_ranges=kept if found is None else kept | {self.metric: found})

    @property
    def amount(self) -> float:
        """The smoothing that is drawn, in [0, 1): 0 for none."""
        return 0.0 if self.raw else self.smoothing

    def zoomed(self, visible: Range, whole: Range, factor: float) -> ChartView:
        """`factor` > 1 zooms in: on the crosshair, else on the newest end when that is visible."""
        low, high = visible
        width = (high - low) / factor
        if width >= whole[1] - whole[0]:
            return replace(self, x=None, follow=True)
        least = LEAST_WIDTH[self.axis]
        width = max(width, least, abs(high) * 1e-9)
        fixed, share = self._anchor(visible, whole)
        return self._moved(fixed - share * width, width, whole)

    def panned(self, visible: Range, whole: Range, screens: float) -> ChartView:
        """Moved by `screens` times the visible width, at most to the ends of `whole`."""
        width = visible[1] - visible[0]
        if width >= whole[1] - whole[0]:
            return self
        return self._moved(visible[0] + screens * width, width, whole)

    def smoothed(self, notches: int) -> ChartView:
        """Moved by so many entries of WEIGHTS; negative: less smoothing."""
        now = min(range(len(WEIGHTS)), key=lambda index: abs(WEIGHTS[index] - self.smoothing))
        amount = WEIGHTS[min(max(now + notches, 0), len(WEIGHTS) - 1)]
        return replace(self, smoothing=amount, raw=False)

    def toggled_raw(self) -> ChartView:
        """Between raw and smoothed values; 0.9 where no amount of smoothing was chosen."""
        if self.amount:
            return replace(self, raw=True)
        return replace(self, raw=False, smoothing=self.smoothing or MIDDLING)

    @classmethod
    def from_json(cls, saved: Mapping[str, object]) -> ChartView:
        """The saved view; whatever is missing or does not fit stays at its default."""
        view = fitting(saved, cls)
        ranges = {metric: (low, high) for metric, (low, high) in view.y_ranges.items() if low < high}
        view = replace(view, y_ranges=ranges)
        return view if view.x is None or view.x[0] < view.x[1] else replace(view, x=None)

    def _anchor(self, visible: Range, whole: Range) -> tuple[float, float]:
        """The position that a zoom keeps in place, and its share of the visible width."""
        low, high = visible
        if self.crosshair is not None and low <= self.crosshair <= high:
            return self.crosshair, (self.crosshair - low) / (high - low)
        if self.follow and high >= whole[1]:
            return whole[1], 1.0
        return (low + high) / 2, 0.5

    def _moved(self, low: float, width: float, whole: Range) -> ChartView:
        low = max(min(low, whole[1] - width), whole[0])
        return replace(self, x=(low, low + width), follow=low + width >= whole[1] * (1 - 1e-12))
