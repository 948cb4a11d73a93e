"""The chart of the runs tab: one metric of the histories of the shown runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from engine.protocol import RunSummary
from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView
from tui.chart.series import CurveSeries
from tui.data.metric_pairs import MetricChart, chart_of, charts_of
from tui.data.run_history import RunHistory
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.runs.charted_runs import RunCurve, choose_metric, metrics_of
from tui.terminal.glyphs import chart_symbols

VALIDATION = "val"
"""the part of a curve of validation that is drawn beside one of training"""


def series_of(charted: MetricChart, shown: Sequence[RunCurve]) -> tuple[CurveSeries, ...]:
    """The curves of these runs in a chart."""
    return tuple(
        curve.history.series[name].with_style(
            curve.label, curve.hue, part=VALIDATION if name == charted.validation else ""
        )
        for curve in shown
        for name in charted.names
        if name in curve.history.series
    )


class RunChart(Chart):
    """Redraws only what changed since the last update."""

    SCOPE: ClassVar[Scope] = "chart"
    BINDINGS = all_keys.bindings(SCOPE)

    def __init__(self, view: ChartView, **widget: Any) -> None:
        super().__init__(symbols=chart_symbols(), view=view, **widget)
        self._marks_key = -1
        self._drawn: tuple[str, tuple[str, ...], str, str] = ("", (), "", "")

    @property
    def metric(self) -> str:
        return self.view.metric

    def update_runs(
        self, shown: Sequence[RunCurve], selected: RunSummary | None, preferred: str, baseline: str = ""
    ) -> None:
        """Draw these runs; `preferred` is the metric if a run has it, `baseline` the run to compare with."""
        histories = [curve.history for curve in shown]
        mine = next(
            (history for history in histories if selected is not None and history.run == selected.id), None
        )
        known = metrics_of(histories, selected)
        metric = choose_metric(preferred, known, mine, selected)
        if metric != self.view.metric and metric:
            self.set_view(replace(self.view, metric=metric))
        charted = chart_of(metric, charts_of(known, paired=self.view.paired))
        series = series_of(charted, shown)
        lacking = tuple(
            curve.label
            for curve in shown
            if curve.history.metrics and not any(name in curve.history.series for name in charted.names)
        )
        name = selected.id if selected is not None else ""
        drawn = (name, lacking, baseline, charted.title)
        if series != self.series or drawn != self._drawn:
            self._drawn = drawn
            self.set_series(series, name, lacking, baseline, charted.title)
        elif series:
            self.data_changed()
        self._update_marks(mine)
        live = selected is not None and selected.status.is_active
        if live != self._scene.live:
            self.set_live(live)

    def _update_marks(self, history: RunHistory | None) -> None:
        marks = history.marks if history is not None else []
        known = hash((history.run, len(marks), marks[-1] if marks else None)) if history is not None else -1
        if known != self._marks_key:
            self._marks_key = known
            self.set_marks(marks)

    def action_pan(self, way: int) -> None:
        if self.view.crosshair is not None:
            (self.action_crosshair_right if way > 0 else self.action_crosshair_left)()
        else:
            (self.action_pan_right if way > 0 else self.action_pan_left)()

    def action_zoom(self, way: int) -> None:
        (self.action_zoom_in if way > 0 else self.action_zoom_out)()

    def action_pan_to_end(self, way: int) -> None:
        if self.view.crosshair is not None:
            self.action_crosshair_to_end(way)
        elif way > 0:
            self.action_follow()
        else:
            self.action_pan_left(10_000_000)

    def toggle_crosshair(self) -> bool:
        """Returns whether there is a crosshair then."""
        if self.view.crosshair is None:
            self.action_crosshair_left()
        else:
            self.action_crosshair_off()
        return self.view.crosshair is not None
