"""Every metric of the shown runs as small charts: the filter above them, and their order and selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from engine.protocol import RunSummary, to_json
from tui.chart.chart_grid import ChartGrid
from tui.chart.chart_rows import Scene
from tui.chart.chart_view import ChartView, Range
from tui.data.metric_pairs import MetricChart, chart_of, charts_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.runs.charted_runs import RunCurve, series_of
from tui.runs.grid_choice import GridChoice, experiment_of, matcher
from tui.runs.value_legend import ValueLegend
from tui.terminal.glyphs import chart_symbols
from tui.ui.filter_bar import FilterBar

HINT = "part of a name, or a regular expression"
GUTTER = 7
"""cells left of the plots, so that the x axes of all charts are aligned"""


class RunGrid(ChartGrid):
    """The grid with its keys; those that change the choice are passed on."""

    SCOPE: ClassVar[Scope] = "grid"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Command(Message):
        """`what` to do with the chart under the cursor: hide, show all, or move it `by` places."""

        what: str
        by: int = 0

    @dataclass
    class CrosshairStepped(Message):
        """The crosshair is to move by so many cells."""

        cells: int

    def action_hide(self) -> None:
        self.post_message(self.Command("hide"))

    def action_show_all(self) -> None:
        self.post_message(self.Command("show all"))

    def action_shift(self, by: int) -> None:
        self.post_message(self.Command("move", by))

    def action_crosshair(self, cells: int) -> None:
        self.post_message(self.CrosshairStepped(cells))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the scenes of a page are made of, besides the points."""

    shown: tuple[tuple[str, str, int], ...]
    view: ChartView
    selected: str
    baseline: str
    is_live: bool


class GridPanel(Vertical):
    """The charts of all metrics. `choices` keeps which are shown, in which order, for each experiment."""

    DEFAULT_CSS = """
    GridPanel { height: 1fr; }
    """

    class ChoiceChanged(Message):
        """`choices` is another one now."""

    class FilterLeft(Message):
        """The focus goes back to the grid."""

    def __init__(self, choices: dict[str, dict[str, Any]], **widget: Any) -> None:
        super().__init__(**widget)
        self._choices = choices
        self._experiment = ""
        self._choice = GridChoice()
        self._is_restored = False
        self._charts: Sequence[MetricChart] = ()
        self._shown: Sequence[RunCurve] = ()
        self._drawn = _Drawn((), ChartView(), "", "", False)
        self._empty = ""
        self._named_for: tuple[int, GridChoice, str] | None = None
        self.grid = RunGrid(self._scenes, id="grid")
        self.filter_bar = FilterBar("", HINT, id="grid-filter")
        self.legend = ValueLegend(across=True, id="grid-legend")

    def compose(self) -> ComposeResult:
        yield self.filter_bar
        yield self.legend
        yield self.grid

    @property
    def note(self) -> str:
        """1-12 of 40, 3 hidden"""
        hidden = sum(one.metric in self._choice.hidden for one in self._charts)
        parts = [self.grid.page_text, f"{hidden:,} hidden" if hidden else ""]
        return ", ".join(filter(None, parts))

    @property
    def has_filter(self) -> bool:
        return bool(self._choice.where)

    def update(
        self,
        shown: Sequence[RunCurve],
        selected: RunSummary | None,
        metrics: Sequence[str],
        view: ChartView,
        baseline: str,
    ) -> None:
        """Draw the metrics of these runs in this view, whose metric plays no part."""
        self._switch_to(experiment_of(selected))
        self._charts, self._shown = charts_of(metrics, paired=view.paired), shown
        if self._charts and not self._is_restored:
            self._restore()
        drawn = _Drawn(
            tuple((curve.history.run, curve.label, curve.hue) for curve in shown),
            replace(view, metric=""),
            selected.id if selected is not None else "",
            baseline,
            selected is not None and selected.status.is_active,
        )
        is_same, self._drawn = drawn == self._drawn, drawn
        self._set_names()
        if is_same:
            self.grid.data_changed()
        else:
            self.grid.draw()

    def set_empty_text(self, text: str) -> None:
        self._empty = text

    @property
    def choice(self) -> dict[str, dict[str, Any]]:
        """Which charts are shown, by the experiment that is selected; empty without one."""
        return {self._experiment: to_json(self._choice)} if self._experiment else {}

    def choices_changed(self) -> None:
        """`choices` was changed: the one of the selected experiment is shown at the next update."""
        self._is_restored = False

    def clear_filter(self) -> None:
        self.filter_bar.action_clear()

    def _switch_to(self, experiment: str) -> None:
        if experiment and experiment != self._experiment:
            self._experiment, self._is_restored = experiment, False
            self._choice = GridChoice()

    def _restore(self) -> None:
        """The choice kept for the experiment; a filter that passes none of its metrics is dropped."""
        self._is_restored = True
        self._choice = GridChoice.from_json(self._choices.get(self._experiment, {}))
        if not self._choice.shown(self._charts):
            self._choice = replace(self._choice, where="")
        if not self._choice.shown(self._charts):
            self._choice = replace(self._choice, hidden=[])
        self.filter_bar.set_filter(self._choice.where)

    def _set_names(self) -> None:
        if self._named_for == (id(self._charts), self._choice, self._empty):
            return
        self._named_for = id(self._charts), self._choice, self._empty
        charts = self._choice.shown(self._charts)
        self.grid.set_names([one.metric for one in charts], self._why_empty())
        problem = matcher(self._choice.where)[1]
        count = f"{len(charts):,} of {len(self._charts):,} charts"
        self.filter_bar.set_note(f"{count}: {problem}" if problem else count, is_error=bool(problem))

    def _why_empty(self) -> str:
        if self._charts and self._choice.where:
            return "no metric passes the filter; esc shows all"
        return "all charts are hidden; U shows them" if self._charts else self._empty

    def _keep(self, choice: GridChoice) -> None:
        self._choice = choice
        if self._experiment:
            self._choices.pop(self._experiment, None)
            if choice != GridChoice():
                self._choices[self._experiment] = to_json(choice)
        self._set_names()
        self.post_message(self.ChoiceChanged())

    # --- drawing -----------------------------------------------------------------------------------------

    def _scenes(self, names: Sequence[str]) -> list[Scene]:
        """The scenes of the charts of a page, on one x axis."""
        symbols, drawn = chart_symbols(), self._drawn
        scenes = [
            Scene(
                replace(drawn.view, metric=chart.metric),
                tuple(series_of(chart, self._shown, drawn.view.axis)),
                drawn.selected,
                live=drawn.is_live,
                symbols=symbols,
                baseline=drawn.baseline,
                least_gutter=GUTTER,
                title=chart.short_title,
                small=True,
            )
            for chart in (chart_of(name, self._charts_by_name(names)) for name in names)
        ]
        together = _together([span for scene in scenes if (span := scene.full_range()) is not None])
        return [replace(scene, within=together) for scene in scenes]

    def _charts_by_name(self, names: Sequence[str]) -> list[MetricChart]:
        wanted = set(names)
        return [one for one in self._charts if one.metric in wanted]

    # --- keys --------------------------------------------------------------------------------------------

    @on(RunGrid.Command)
    def _command(self, message: RunGrid.Command) -> None:
        message.stop()
        chosen = self.grid.chosen
        if message.what == "hide" and chosen:
            self._keep(self._choice.without(chosen))
        elif message.what == "show all":
            self._keep(replace(self._choice, hidden=[]))
        elif message.what == "move" and chosen:
            self._keep(self._choice.moved(chosen, message.by, self._charts))

    @on(FilterBar.Changed)
    def _filter(self, message: FilterBar.Changed) -> None:
        message.stop()
        self._keep(replace(self._choice, where=message.where))

    @on(FilterBar.Closed)
    def _leave_filter(self, message: FilterBar.Closed) -> None:
        message.stop()
        self.post_message(self.FilterLeft())


def _together(spans: Sequence[Range]) -> Range | None:
    return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
