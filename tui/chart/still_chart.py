"""A chart without keys of its own, beside other widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView, Range
from tui.chart.series import CurveSeries
from tui.terminal.glyphs import chart_symbols

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


class StillChart(Chart, can_focus=False):
    """The curves of one metric; it cannot have the focus."""

    def __init__(
        self,
        metric: str,
        *,
        log: bool = False,
        unit: str = "step",
        within: Range | None = None,
        **widget: Any,
    ) -> None:
        super().__init__(symbols=chart_symbols(), view=ChartView(metric=metric, log=log), **widget)
        self._scene = replace(self._scene, unit=unit, within=within)

    def update_series(self, series: Sequence[CurveSeries], selected: str, at: float | None = None) -> None:
        """Draw these curves, `selected` on top; `at` is the position of the crosshair."""
        if tuple(series) != self.series or selected != self._scene.selected:
            self.set_series(series, selected)
        elif series:
            self.data_changed()
        if at != self.view.crosshair:
            self.set_view(replace(self.view, crosshair=at))
