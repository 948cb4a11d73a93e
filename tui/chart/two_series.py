"""Series for two curves of one run in one chart, such as training and validation loss."""

from __future__ import annotations

from tui.chart.series import CurveSeries

POINTS = 400


class AveragedSeries(CurveSeries):
    """A copy of another series under its own label and hue; of a long one, means of equal parts."""

    def __init__(self, label: str, hue: int) -> None:
        super().__init__(label, label, hue=hue)
        self._followed: tuple[CurveSeries, int, float] | None = None

    def follow(self, other: CurveSeries, per_unit: float = 1.0) -> AveragedSeries:
        """Copy `other` if it changed, with x in units of `per_unit` steps."""
        now = (other, other.version, per_unit)
        if now != self._followed:
            self.evict_after(float("-inf"))
            self._copy(other, per_unit)
            self._followed = now
        return self

    def _copy(self, other: CurveSeries, per_unit: float) -> None:
        if not len(other):
            return
        steps, values = other.curve.steps, other.curve.values
        each = max(1, len(values) // POINTS)
        whole = len(values) - len(values) % each
        self.extend(steps[each - 1 : whole : each] / per_unit, values[:whole].reshape(-1, each).mean(axis=1))
