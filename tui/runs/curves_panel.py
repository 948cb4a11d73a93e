"""The charts of the runs tab: one metric of the shown runs, and a second one where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical

from engine.protocol import RunSummary
from tui.data.metric_choice import metrics_of
from tui.runs.charted_runs import RunCurve
from tui.runs.run_details import ALL_PANES
from tui.terminal.glyphs import glyphs
from tui.ui.curve_colours import LETTERS
from tui.ui.heading import Heading

if TYPE_CHECKING:
    from tui.runs.run_chart import RunChart

ROOM_FOR_TWO = 30
"""height from which on there is a second chart"""


WIDE_GUTTER = 9
"""cells left of the plots: the y labels of nearly every metric fit"""


class CurvesPanel(Vertical):
    """Empty until `fill`, so that the first frame of the app does not wait for it."""

    chart: RunChart

    def __init__(self, saved: Mapping[str, object], legend_key: str = "", **widget: Any) -> None:
        super().__init__(**widget)
        self.is_filled = False
        self._saved, self._legend_key = dict(saved), legend_key
        self._headings = (Heading(ALL_PANES, id="curves-heading"), Heading(("curves",), id="chart-heading"))
        self._second: RunChart | None = None

    @property
    def saved(self) -> dict[str, object]:
        """The view of the chart as JSON, for the state file."""
        return self.chart.view.to_json() if self.is_filled else self._saved

    def fill(self) -> None:
        from tui.chart.chart_view import ChartView
        from tui.runs.run_chart import RunChart

        self.chart = RunChart(ChartView.from_json(self._saved), id="chart")
        self.chart.set_legend_key(self._legend_key)
        self.is_filled = True
        self.mount(*self._headings, self.chart)

    def letters(self) -> dict[str, str]:
        """The letter of each curve by its run, where there are no colours."""
        if not (self.app.no_color or glyphs().ascii_only):
            return {}
        return {series.key: LETTERS[place % len(LETTERS)] for place, series in enumerate(self.chart.series)}

    def select_pane(self, pane: str) -> None:
        self._headings[0].select(pane)

    def highlight(self, lit: bool) -> None:
        for heading in self._headings:
            heading.set_highlighted(lit)

    def set_empty_text(self, text: str) -> None:
        self.chart.set_empty_text(text)

    def update_runs(
        self, shown: Sequence[RunCurve], selected: RunSummary | None, preferred: str, baseline: str = ""
    ) -> None:
        histories = [curve.history for curve in shown]
        self.chart.update_runs(shown, selected, preferred, baseline)
        known = [metric for metric in metrics_of(histories, selected) if metric != self.chart.metric]
        mine = [metric for metric in known if selected is not None and metric in selected.metrics]
        if mine and self.size.height >= ROOM_FOR_TWO:
            self._update_second(shown, selected, mine[0], baseline)
        elif self._second is not None:
            self._second.display = False
            self.chart.set_x_range(None)

    def _update_second(
        self, shown: Sequence[RunCurve], selected: RunSummary | None, metric: str, baseline: str
    ) -> None:
        """Another metric of the selected run, with the view of the first chart."""
        from tui.runs.run_chart import RunChart

        if self._second is None:
            self._second = RunChart(self.chart.view, id="second")
            self._second.can_focus = False  # the keys of the first one move both
            self._second.set_legend_key(self._legend_key)
            self.mount(self._second)
        self._second.display = True
        self._second.set_view(replace(self.chart.view, metric=self._second.metric, log=False))
        self._second.update_runs(shown, selected, metric, baseline)
        spans = [span for chart in (self.chart, self._second) if (span := chart.span()) is not None]
        together = (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
        for chart in (self.chart, self._second):
            chart.set_x_range(together, WIDE_GUTTER)
