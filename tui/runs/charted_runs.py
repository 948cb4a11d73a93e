"""The runs on the charts: the selected one, the marked ones and the baseline; and the panel of the charts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.widget import Widget

from engine.errors import DltuiError, EngineError
from engine.protocol import RunSummary, Status, to_json
from engine.system_metrics import is_system, order_of
from engine.table_protocol import GroupRow, Query
from tui.data.connection import Connection
from tui.data.metric_pairs import MetricChart, chart_of, charts_of
from tui.data.run_pages import RunPages
from tui.data.run_text import name_of
from tui.data.value_text import seed_text
from tui.runs.run_columns import TableStyle
from tui.runs.run_details import ALL_PANES
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import hues_of
from tui.ui.heading import Heading
from tui.ui.span import Span
from tui.ui.start_worker import start_worker
from tui.view_state import MARKS_LIMIT

if TYPE_CHECKING:
    from tui.chart.chart_rows import CurveSeries
    from tui.chart.chart_view import Axis
    from tui.data.group_history import GroupHistory
    from tui.data.run_history import RunHistory
    from tui.runs.grid_panel import GridPanel
    from tui.runs.run_chart import RunChart
    from tui.runs.shown_groups import ShownGroups


GROUP_LIMIT = 32
"""runs of a group that are drawn: the newest"""
GROUPS_KEPT = 64
"""groups whose mean is kept while they are not shown"""
FIRST = ("loss", "train_loss", "val_loss", "accuracy")


def metrics_of(histories: Sequence[RunHistory | GroupHistory], selected: RunSummary | None) -> list[str]:
    """Every metric of these runs, those of the selected run first; those of the machine behind all others."""
    own = list(selected.metrics) if selected is not None else []
    others = [metric for history in histories for metric in history.metrics]
    found = dict.fromkeys([*own, *others])
    return sorted(found, key=_place_of)


def _place_of(metric: str) -> tuple[int, tuple[int, str]]:
    if is_system(metric):
        return len(FIRST) + 1, order_of(metric)
    return FIRST.index(metric) if metric in FIRST else len(FIRST), (0, "")


def choose_metric(
    requested: str,
    known: Sequence[str],
    history: RunHistory | GroupHistory | None,
    selected: RunSummary | None,
) -> str:
    """The requested metric if any run on the chart has it, else the first one of the selected run."""
    if requested and (requested in known or not known):
        return requested
    has = {
        *(history.metrics if history is not None else ()),
        *(selected.metrics if selected is not None else ()),
    }
    logged = (metric for metric in known if metric in has)
    return next(logged, known[0] if known else requested or "loss")


def per_step(run: RunSummary) -> dict[Axis, float]:
    """Epochs and samples of a step, where the parameters of an experiment tell: its steps are updates."""
    params = run.spec.params
    found: dict[Axis, float] = {}
    if run.spec.command is not None or run.status is Status.IMPORTED:
        return found
    epochs, batch, steps = (
        params.get("epochs"),
        params.get("batch", params.get("batch_size")),
        run.total_steps,
    )
    if isinstance(epochs, int | float) and 0 < epochs <= steps and not params.get("iterations"):
        found["epoch"] = epochs / steps
    if isinstance(batch, int) and batch > 0:
        found["samples"] = float(batch)
    return found


@dataclass(frozen=True, slots=True)
class RunCurve:
    """The history of a run, or of a group of them, on the chart, with its label and hue there."""

    history: RunHistory | GroupHistory
    label: str
    hue: int


class ShownRuns:
    """Ids of the runs shown. Their order: marked ones in the order of marking, baseline, the selected group,
    selected one."""

    def __init__(self, selected: str = "", marks: Iterable[str] = (), baseline: str = "") -> None:
        self.selected = selected
        self.marks = list(dict.fromkeys(marks))[:MARKS_LIMIT]
        self.baseline = baseline
        self.group: tuple[str, ...] = ()
        """the runs of the selected group; none while a run is selected"""

    @property
    def ids(self) -> list[str]:
        return list(
            dict.fromkeys(run for run in (*self.marks, self.baseline, *self.group, self.selected) if run)
        )

    def hues(self) -> dict[str, int]:
        return hues_of(self.ids)

    def styles(
        self, letters: Mapping[str, str], hues: Mapping[str, int] | None = None
    ) -> dict[str, TableStyle]:
        """The style of each shown run by its id; `letters` distinguish the curves without colours.

        `hues` are those of the curves where runs share one.
        """
        hues = self.hues() if hues is None else hues
        return {
            run: TableStyle(
                hues.get(run),
                run in self.marks,
                run == self.baseline,
                letters.get(run, ""),
                run == self.selected,
            )
            for run in self.ids
        }

    def toggle_mark(self, run: str) -> bool:
        """Mark or unmark a run. Returns whether it is marked then."""
        if run in self.marks:
            self.marks.remove(run)
            return False
        self.marks.append(run)
        del self.marks[:-MARKS_LIMIT]
        return True

    def toggle_all(self, runs: Iterable[str]) -> bool:
        """Mark all of them, or unmark them where all are marked. Returns whether they are marked then."""
        given = list(dict.fromkeys(runs))
        others = [mark for mark in self.marks if mark not in given]
        marks = len(others) + len(given) != len(self.marks)
        self.marks = [*others, *(given if marks else [])][-MARKS_LIMIT:]
        return marks

    def toggle_baseline(self, run: str) -> bool:
        """Set or unset the baseline. Returns whether there is one then."""
        self.baseline = "" if self.baseline == run else run
        return bool(self.baseline)

    def forget(self, run: str) -> None:
        self.marks = [mark for mark in self.marks if mark != run]
        self.baseline = "" if self.baseline == run else self.baseline
        self.selected = "" if self.selected == run else self.selected


class ChartedRuns:
    """What is loaded of the shown runs: their summaries, whether they have a row or not, and histories."""

    def __init__(
        self,
        owner: Widget,
        connection: Connection,
        shown: ShownRuns,
        pages: RunPages,
        loaded: Callable[[], object],
    ) -> None:
        """`owner` runs the workers; `loaded` is called after a run without a row was loaded or is gone."""
        self.is_grouped = False
        """whether marked runs that differ in the seed alone share a curve"""
        self._groups: ShownGroups | None = None
        self._loaded_group = "", 0
        self._histories: dict[str, GroupHistory] = {}
        self._owner, self._connection, self._loaded = owner, connection, loaded
        self.shown, self._pages = shown, pages
        self._summaries: dict[str, RunSummary] = {}
        """of every run that was shown, as loaded last"""

    def find(self, run: str) -> RunSummary | None:
        return self._pages.find(run) or self._summaries.get(run)

    def known(self) -> list[RunSummary]:
        """The shown runs that are loaded."""
        return [found for run in self.shown.ids if (found := self.find(run)) is not None]

    def marked(self) -> list[RunSummary]:
        """The marked runs that are loaded."""
        return [run for run in self.known() if run.id in self.shown.marks]

    def store(self, runs: Iterable[RunSummary]) -> bool:
        """Keep those that are shown. Returns whether a label on the chart is another one now."""
        shown = self.shown.ids
        before = [self.label_of(run) for run in shown]
        self._summaries.update({run.id: run for run in runs if run.id in shown})
        return before != [self.label_of(run) for run in shown]

    def forget(self, run: str) -> None:
        """Drop a run that was removed."""
        self.shown.forget(run)
        self._connection.discard(run)

    def follow(self) -> None:
        """Read the histories of the shown runs, and load their summaries."""
        self._connection.follow(self.shown.ids, subscriber="runs")
        self.load_unknown()

    def load_unknown(self) -> None:
        """Load the shown runs that are on no fetched page."""
        for run in self.shown.ids:
            if run not in self._summaries and (found := self._pages.find(run)) is not None:
                self._summaries[run] = found
            elif run not in self._summaries and self._connection.is_connected:
                start_worker(self._owner, self._load, run, group=f"shown {run}", exclusive=True)

    async def _load(self, run: str) -> None:
        try:
            self._summaries[run] = await self._connection.client.show(run)
        except EngineError:
            return  # no engine: it is requested again when it is back
        except DltuiError:
            self.shown.forget(run)  # deleted since it was marked
        self._loaded()

    def label_of(self, run: str) -> str:
        found = self.find(run)
        if found is None:
            return run.split("-", 2)[-1]
        from tui.chart.chart_legend import LONGEST_LABEL  # with curves alone

        seed = seed_text(found, self.known())
        room = LONGEST_LABEL - len(seed) - 1
        return f"{plain(name_of(found), limit=room)} {seed}" if seed else name_of(found)

    def filter_warning(self, where: str) -> str:
        """What is wrong with a filter that no run passes: a name that no run shown so far has."""
        from tui.data.unknown_filter_names import unknown_name_warning

        return unknown_name_warning(where, self._summaries.values())

    def curves(self) -> list[RunCurve]:
        """The shown runs and groups whose history is being read."""
        for history in self.histories():
            summary = self.find(history.run)
            history.axes.per_step = per_step(summary) if summary is not None else {}
        groups = self.groups()
        labels = self._shown_groups.labels(groups) if groups else {}
        found = []
        for key, hue in self.hues().items():
            if key in groups:
                found.append(RunCurve(self._history_of(key, groups[key]), labels[key], hue))
            elif (own := self._connection.history(key)) is not None:
                found.append(RunCurve(own, self.label_of(key), hue))
        return found

    def has_runs_of(self, group: GroupRow) -> bool:
        """Whether its runs are those of the selected group."""
        return self._loaded_group == (group.id, group.count) and bool(self.shown.group)

    async def load_group(self, group: GroupRow, where: str) -> None:
        """Make the runs of a group that pass the filter the selected group. Raises DltuiError."""
        both = f"({where}) and config={group.id}" if where else f"config={group.id}"
        page = await self._connection.client.runs(Query(both, limit=GROUP_LIMIT))
        self._summaries.update({run.id: run for run in page.runs})
        self.shown.group, self.shown.selected = tuple(run.id for run in page.runs), ""
        self._loaded_group = group.id, group.count

    # --- groups ------------------------------------------------------------------------------------------

    @property
    def _shown_groups(self) -> ShownGroups:
        from tui.runs.shown_groups import ShownGroups  # with groups alone

        if self._groups is None:
            self._groups = ShownGroups()
        return self._groups

    def groups(self) -> dict[str, list[RunSummary]]:
        """The runs that share a curve by the id of their group: two or more of the marked ones, or of the
        selected group."""
        if not self.is_grouped:
            return {}
        found: dict[str, list[RunSummary]] = {}
        for run in dict.fromkeys((*self.shown.marks, *self.shown.group)):
            if (summary := self.find(run)) is not None:
                found.setdefault(self._shown_groups.id_of(summary), []).append(summary)
        return {group: runs for group, runs in found.items() if len(runs) > 1}

    def hues(self) -> dict[str, int]:
        """The hue of each curve, by the id of its run or group."""
        group_of = {run.id: group for group, runs in self.groups().items() for run in runs}
        alone = {self.shown.selected, self.shown.baseline}
        keys = [run for run in self.shown.ids if run in alone or run not in group_of]
        return hues_of([*dict.fromkeys(group_of.values()), *keys])

    def styles(self, letters: Mapping[str, str], selected_group: str) -> dict[str, TableStyle]:
        """The style of the row of each shown run and group by its id."""
        hues, groups = self.hues(), self.groups()
        styles = self.shown.styles(letters, hues)
        for group, runs in groups.items():
            marked = all(run.id in self.shown.marks for run in runs)
            letter = letters.get(group, "")
            styles[group] = TableStyle(hues[group], marked, False, letter, group == selected_group)
        return styles

    def _history_of(self, group: str, runs: Sequence[RunSummary]) -> GroupHistory:
        """The same object while its members are the same, since it keeps what was computed of them."""
        from tui.data.group_history import GroupHistory

        members = tuple(history for run in runs if (history := self._connection.history(run.id)) is not None)
        known = self._histories.get(group)
        if known is None or known.members != members:
            self._histories = dict(list(self._histories.items())[-GROUPS_KEPT:])
            known = self._histories[group] = GroupHistory(group, members)
        return known

    def histories(self) -> list[RunHistory]:
        return [found for run in self.shown.ids if (found := self._connection.history(run)) is not None]

    def is_in_table(self, metric: str) -> bool:
        """Whether the table has a column of it; what is measured of the machine has none."""
        return not is_system(metric) or any(metric in run.metrics for run in self.known())

    def metrics(self, selected: RunSummary | None) -> list[str]:
        """Every metric of the shown runs, those of the selected one first."""
        return metrics_of(self.histories(), selected)


VALIDATION = "val"
"""the part of a curve of validation that is drawn beside one of training"""
ROOM_FOR_TWO = 30
"""height from which on there is a second chart"""


WIDE_GUTTER = 9
"""cells left of the plots: the y labels of nearly every metric fit"""


class CurvesPanel(Vertical):
    """Empty until `fill`, so that the first frame of the app does not wait for it."""

    chart: RunChart

    def __init__(
        self,
        saved: Mapping[str, object],
        legend_key: str = "",
        grids: dict[str, dict[str, Any]] | None = None,
        **widget: Any,
    ) -> None:
        """`saved` is the view of the chart, `grids` the choice of charts of each experiment, as JSON."""
        super().__init__(**widget)
        self._grids = grids if grids is not None else {}
        self.grid: GridPanel | None = None
        self.is_filled = False
        self._saved, self._legend_key = dict(saved), legend_key
        self._headings = (Heading(ALL_PANES, id="curves-heading"), Heading(("curves",), id="chart-heading"))
        self._second: RunChart | None = None
        self._is_grid = self._is_alone = False

    @property
    def saved(self) -> dict[str, object]:
        """The view of the chart as JSON, for the state file."""
        return to_json(self.chart.own_view) if self.is_filled else self._saved

    def fill(self) -> None:
        from tui.chart.chart_view import ChartView
        from tui.runs.run_chart import RunChart

        self.chart = RunChart(ChartView.from_json(self._saved), id="chart")
        self.chart.set_legend_key(self._legend_key)
        self.is_filled = True
        self.mount(*self._headings, self.chart)

    def set_grid(self, is_grid: bool, *, is_alone: bool = False) -> None:
        """Show all metrics as small charts, or one large: alone, or with a second one below it."""
        self._is_grid, self._is_alone = is_grid, is_alone
        if is_grid and self.grid is None:
            from tui.runs.grid_panel import GridPanel

            self.grid = GridPanel(self._grids, id="grid-panel")
            self.mount(self.grid)
        if self.grid is not None:
            self.grid.display = is_grid
        self.chart.display = not is_grid
        if self._second is not None:
            self._second.display = False
        self._note_grid()

    def _note_grid(self) -> None:
        note = self.grid.note if self.grid is not None and self._is_grid else ""
        for heading in self._headings:
            heading.set_note(*((Span(note, "muted"),) if note else ()))

    def letters(self) -> dict[str, str]:
        """The letter of each curve by its run, where there are no colours."""
        if not (self.app.no_color or glyphs().ascii_only):
            return {}
        return self.chart.letters()

    def select_pane(self, pane: str) -> None:
        self._headings[0].select(pane)

    def highlight(self, lit: bool) -> None:
        for heading in self._headings:
            heading.set_highlighted(lit)

    def set_empty_text(self, text: str) -> None:
        self.chart.set_empty_text(text)
        if self.grid is not None:
            self.grid.set_empty_text(text)

    def draw(self, charted: ChartedRuns, selected: RunSummary | None, preferred: str) -> None:
        """Draw the shown runs; `preferred` is the metric if a run has it."""
        shown, baseline = charted.curves(), charted.shown.baseline
        _update_chart(self.chart, shown, selected, preferred, baseline)
        if self._is_grid and self.grid is not None:
            self.grid.update(shown, selected, charted.metrics(selected), self.chart.view, baseline)
            self._note_grid()
            return
        charts = charts_of(charted.metrics(selected), paired=self.chart.view.paired)
        others = [chart.metric for chart in charts if self.chart.metric not in chart.names]
        logged = [metric for metric in others if not is_system(metric)]
        mine = [metric for metric in logged if selected is not None and metric in selected.metrics]
        if mine and not self._is_alone and self.size.height >= ROOM_FOR_TWO:
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
        _update_chart(self._second, shown, selected, metric, baseline)
        spans = [span for chart in (self.chart, self._second) if (span := chart.span()) is not None]
        together = (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
        for chart in (self.chart, self._second):
            chart.set_x_range(together, WIDE_GUTTER)


def _update_chart(
    chart: RunChart, shown: Sequence[RunCurve], selected: RunSummary | None, preferred: str, baseline: str
) -> None:
    """Draw these runs; `preferred` is the metric if a run has it, `baseline` the run to compare with."""
    histories = [curve.history for curve in shown]
    selected_id = selected.id if selected is not None else ""
    mine = next((history for history in histories if history.run == selected_id), None)
    known = metrics_of(histories, selected)
    metric = choose_metric(preferred, known, mine, selected)
    if metric:
        chart.set_view(replace(chart.view, metric=metric))
    chart.lend_time_axis(is_lent=is_system(metric) and not any(history.last_step for history in histories))
    axis = chart.view.axis
    if histories and not any(history.axes.has(axis) for history in histories):
        chart.set_view(replace(chart.view, axis="step", x=None, crosshair=None))
    charted = chart_of(metric, charts_of(known, paired=chart.view.paired))
    lacking = [
        curve.label
        for curve in shown
        if curve.history.metrics and not any(name in curve.history.series for name in charted.names)
    ]
    axis = chart.view.axis
    chart.update_series(series_of(charted, shown, axis), selected_id, lacking, baseline, charted.title)
    chart.set_unplaced(
        [
            one.label
            for one in shown
            if one.history.metrics and one.label not in lacking and not one.history.axes.has(axis)
        ]
    )
    chart.set_marks(mine.marks if mine is not None else [])
    chart.set_live(selected is not None and selected.status.is_active)


def series_of(charted: MetricChart, shown: Sequence[RunCurve], axis: Axis) -> list[CurveSeries]:
    """The curves in a chart of those runs that have the x axis."""
    from tui.chart.chart_rows import CurveSeries

    return [
        CurveSeries(
            curve.history.run,
            curve.label,
            curve.history.series[name],
            curve.hue,
            VALIDATION if name == charted.validation else "",
        )
        for curve in shown
        for name in charted.names
        if name in curve.history.series and curve.history.axes.has(axis)
    ]
