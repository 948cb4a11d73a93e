"""A chart without keys of its own, beside other widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView, Range
from tui.chart.series import CurveSeries
from tui.terminal.glyphs import chart_symbols


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
