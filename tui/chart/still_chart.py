"""A chart beside a picture: it shows what it is given and takes no keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView, Range
from tui.chart.series import CurveSeries
from tui.terminal.glyphs import chart_symbols


class StillChart(Chart, can_focus=False):
    """One metric of some runs."""

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

    def tell(self, series: Sequence[CurveSeries], selected: str, at: float | None = None) -> None:
        """Show these curves, that one on top; `at` is a step that is pointed at."""
        if tuple(series) != self.series or selected != self._scene.selected:
            self.set_series(series, selected)
        elif series:
            self.data_changed()
        if at != self.view.crosshair:
            self.set_view(replace(self.view, crosshair=at))
