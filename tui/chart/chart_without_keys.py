"""A chart without keys of its own, beside other widgets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView, Range
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
