"""The curves of the shown runs: one metric, and a second one where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textual.containers import Vertical

from engine.protocol import RunSummary
from tui.story import Story
from tui.widgets.chart_view import ChartView
from tui.widgets.heading import Heading
from tui.widgets.run_chart import RunChart, metrics_of
from tui.widgets.run_details import ALL_PANES

ROOM_FOR_TWO = 40
"""rows from which on two charts are better than one"""


class CurvesPanel(Vertical):
    """Its charts can be told everything before they are on the screen."""

    def __init__(self, view: ChartView, **widget: Any) -> None:
        super().__init__(**widget)
        self.chart = RunChart(view, id="chart")
        self.panes = Heading(ALL_PANES, id="curves-heading")
        self._title = Heading(("curves",), id="chart-heading")
        self._second: RunChart | None = None

    @property
    def is_filled(self) -> bool:
        return self.chart.is_attached

    def fill(self) -> None:
        self.mount(self.panes, self._title, self.chart)

    def light(self, lit: bool) -> None:
        self.panes.light(lit)
        self._title.light(lit)

    def tell(self, stories: Sequence[Story], selected: RunSummary | None, wanted: str) -> None:
        self.chart.tell(stories, selected, wanted)
        known = [metric for metric in metrics_of(stories, selected) if metric != self.chart.metric]
        mine = [metric for metric in known if selected is not None and metric in selected.metrics]
        has_room = self.is_filled and self.size.height >= ROOM_FOR_TWO
        if mine and has_room:
            self._tell_second(stories, selected, mine[0])
        elif self._second is not None:
            self._second.display = False

    def _tell_second(self, stories: Sequence[Story], selected: RunSummary | None, metric: str) -> None:
        """Another metric of the selected run, looked at in the same way."""
        if self._second is None:
            self._second = RunChart(self.chart.view, id="second")
            self.mount(self._second)
        self._second.display = True
        self._second.set_view(replace(self.chart.view, metric=self._second.metric, log=False))
        self._second.tell(stories, selected, metric)
