"""Two curves of one run in one chart: each under a name and a colour of its own."""

from __future__ import annotations

from tui.chart.series import CurveSeries

POINTS = 400


class TwinSeries(CurveSeries):
    """Follows another series; of a long one it shows means, since single batches say little."""

    def __init__(self, label: str, hue: int) -> None:
        super().__init__(label, label, hue=hue)
        self._followed: tuple[CurveSeries, int, float] | None = None

    def follow(self, other: CurveSeries, per_unit: float = 1.0) -> TwinSeries:
        """Its x counts units of that many steps."""
        now = (other, other.version, per_unit)
        if now != self._followed:
            self.evict_after(float("-inf"))
            self._take(other, per_unit)
            self._followed = now
        return self

    def _take(self, other: CurveSeries, per_unit: float) -> None:
        if not len(other):
            return
        steps, values = other.curve.steps, other.curve.values
        each = max(1, len(values) // POINTS)
        whole = len(values) - len(values) % each
        self.extend(steps[each - 1 : whole : each] / per_unit, values[:whole].reshape(-1, each).mean(axis=1))
