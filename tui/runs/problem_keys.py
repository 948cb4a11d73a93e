"""The keys that go to the next error, NaN, spike or match, with the crosshair and all panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.data.metric_pairs import chart_of, charts_of
from tui.data.problem_steps import CurveProblem, ProblemSteps, next_problem
from tui.terminal.plain_text import plain
from tui.ui.numbers import whole
from tui.ui.start_worker import start_worker

if TYPE_CHECKING:
    from tui.runs.tab import RunsTab


class ProblemKeys:
    """What was looked for last is what the keys for the next and the one before go to."""

    def __init__(self, tab: RunsTab) -> None:
        self._tab = tab
        self._steps = ProblemSteps()
        self.sought = "error"
        """match, error, nan or spike"""

    def go(self, kind: str) -> None:
        """To the next one of another kind."""
        self.sought = kind
        self.go_on(1)

    def go_on(self, way: int) -> None:
        """To the next of its kind; for `way` < 0 to the one before. Messages of before go."""
        from tui.dialogs.dialog import hide_messages

        tab = self._tab
        hide_messages(tab.app)
        if tab.commands.require_selected() is None:
            return
        if self.sought == "nan" or self.sought == "spike":
            start_worker(tab, self._go_on_curve, self.sought, way, group="problem", exclusive=True)
        else:
            tab.open_log()
            tab.details.log_view.go(self.sought, way)

    async def _go_on_curve(self, kind: CurveProblem, way: int) -> None:
        tab = self._tab
        run = tab.selected
        history = tab.connection.history(run.id) if run is not None else None
        if history is None:
            return
        charted = chart_of(tab.chart.metric, charts_of(tab.metrics(), paired=tab.chart.view.paired))
        found = await self._steps.find(kind, history.series, charted.names)
        following = next_problem(found, tab.linked.step, way)
        if following is None:
            title = plain(charted.title, limit=60)
            without = f"{title} has no spike" if kind == "spike" else "No metric has a NaN or infinity"
            tab.commands.notify(f"{without}: {whole(history.curves.step)} steps.")
            return
        (step, metric), number = following
        if metric not in charted.names:
            tab.state.metric = metric
        tab.linked.go_to(step)
        word = "Spike" if kind == "spike" else "NaN or infinity"
        tab.commands.notify(f"{word} {number} of {len(found)}: {metric} at step {whole(step)}.")
