"""The runs on the screen: their table, their curves, and everything about the selected one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from engine.errors import DltuiError, EngineError
from engine.protocol import Page, Query, RunSummary, Status, SweepRow
from tui.data.actions import run_and_notify
from tui.data.metrics import metrics_of
from tui.data.run_pages import RunPages
from tui.data.run_text import name_of, startup_text
from tui.data.value_text import seed_text
from tui.messages import (
    HistoryChanged,
    KeyHintsChanged,
    RunCountChanged,
    RunsChanged,
    RunSubmitted,
    SweepsChanged,
    ViewStateChanged,
)
from tui.runs.charted_runs import RunCurve, ShownRuns
from tui.runs.curves_panel import CurvesPanel
from tui.runs.run_details import ALL_PANES, RunDetails
from tui.runs.sweep_cells import sweep_title
from tui.runs.table import RunTable
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.debounce import Debounce
from tui.ui.filter_bar import FilterBar
from tui.ui.palette import LETTERS
from tui.ui.span import Row, Span
from tui.view_state import MARKS_LIMIT, OPEN_SWEEPS_LIMIT

if TYPE_CHECKING:
    from tui.runs.run_chart import RunChart
    from tui.runs.welcome import Welcome

CALM = 0.08
"""seconds the cursor rests on a run before its story is read"""
REFETCH, LOG = 0.5, 2.0
LOG_END = 65_536
"""bytes of a log that are read at once, and of one seen for the first time"""
CURVES = 0.5
"""seconds between two pictures of a growing curve"""


class RunView(Tab):
    """Knows what is selected and shown; its panels know how to draw it."""

    NAME = "runs"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        self.connection, self.state, self.clipboard = context.connection, context.state, context.clipboard
        state = context.state
        self.pages = RunPages(
            Query(
                state.where, state.sort, state.descending, by_sweep=True, open_sweeps=tuple(state.open_sweeps)
            )
        )
        self.filter_bar = FilterBar(state.where)
        self.table = RunTable(self.pages, id="table")
        self.curves = CurvesPanel(state.chart, id="bottom")
        self.details = RunDetails(id="details")
        self._welcome: Welcome | None = None
        self.shown = ShownRuns(state.selected, state.marks, state.baseline)
        self._later = Debounce(self)
        self._asked: dict[Query, int] = {}
        self._known: dict[str, RunSummary] = {}
        self._checkpoints_of: tuple[str, int, Status] | None = None
        self._log_was_active = False
        self._heard: list[RunsChanged] = []
        self._standing: dict[str, Status] = {}
        """of trials, as it was told last"""

    def compose(self) -> ComposeResult:
        with Vertical(id="left"):
            with Vertical(id="top"):
                yield self.filter_bar
                yield self.table
            yield self.curves
        yield self.details

    def on_mount(self) -> None:
        self.table.empty_words = self._empty_words
        self.table.select(self.shown.selected)
        self.turn_to(self.state.pane)
        self.set_class(self.state.full, "-full")
        self.set_interval(LOG, self._refresh_log)
        self.set_timer(REFETCH, self._fill)

    def on_show(self) -> None:
        self.draw_curves()  # they grew behind another tab

    def _fill(self) -> None:
        """The rows come first; what is below and beside them one picture later."""
        if not self.curves.is_filled:
            self.curves.fill()
            self.details.fill()
            self._show_selected()
            self.draw_curves()

    def on_descendant_focus(self) -> None:
        self._light()

    def on_descendant_blur(self) -> None:
        self._light()

    def _light(self) -> None:
        """Headings are bright above what has the focus."""
        focused = self.screen.focused
        around = focused.ancestors_with_self if focused is not None else []
        self.curves.light(self.curves in around)
        self.details.light(focused)
        self.post_message(KeyHintsChanged())

    @property
    def chart(self) -> RunChart:
        return self.curves.chart

    @property
    def selected(self) -> RunSummary | None:
        return self.table.selected

    # --- the table -------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        """Ask anew for all that is in sight."""
        self.pages.expire()
        self._ask_for_unknown()
        first, last = self.table.seen
        self._fetch(
            RunTable.Missing(self.pages.missing(first, max(first, min(last, self.pages.matching - 1))))
        )

    @on(RunTable.Missing)
    def _fetch(self, message: RunTable.Missing) -> None:
        if self.connection.is_connected:
            for query in message.queries:
                if query not in self._asked:
                    self.run_worker(self._take(query), group="pages", exit_on_error=False)
                self._asked[query] = self._asked.get(query, 0) + 1

    async def _take(self, query: Query) -> None:
        """Once more when it was asked for meanwhile: what comes may be from before the change."""
        try:
            while self._asked.get(query, 1):
                self._asked[query] = 0
                self._show_page(query, await self.connection.client.runs(query))
        except DltuiError as error:
            self.filter_bar.note.update(str(error).removeprefix("Filter, "), is_error=True)
        finally:
            del self._asked[query]

    def _show_page(self, query: Query, page: Page) -> None:
        self.pages.put(query, page)
        self._learn(page.runs)
        self._say_counts()
        self.table.pages_changed()
        self._set_invitation(page.total == 0)
        if self.curves.is_filled:
            self._say_what_is_missing()
        if self.selected is not None:
            self._show_selected()
        self.call_after_refresh(self._fill)

    @on(RunsChanged)
    def _hear(self, message: RunsChanged) -> None:
        """Mere progress waits for the curves that are about to tell of it: one picture costs half of two."""
        self._heard.append(message)
        if not self._later.is_pending("curves") or not self._is_progress(message):
            self._take_all_changes()

    def _is_progress(self, message: RunsChanged) -> bool:
        stays = all((old := self.pages.find(run.id)) and old.status is run.status for run in message.changed)
        return stays and not message.removed and message.total == self.pages.total

    def _take_all_changes(self) -> None:
        while self._heard:
            self._take_changes(self._heard.pop(0))

    def _take_changes(self, message: RunsChanged) -> None:
        unknown = any([self._is_news(run) for run in message.changed])
        rows = self.pages.update(message.changed)
        self._learn(message.changed)
        self.table.rows_changed(rows)
        for run in message.removed:
            self._standing.pop(run, None)
            self.shown.forget(run)
            self.connection.discard(run)
        if self.selected is not None and any(run.id == self.selected.id for run in message.changed):
            self._show_selected()
        settled = self.pages.query.sort == "created" and not self.pages.query.where
        if message.removed or unknown or message.total != self.pages.total or (rows and not settled):
            self._later.call("refresh_data", REFETCH, self.refresh_data)

    def _is_news(self, run: RunSummary) -> bool:
        """Whether the table has another row, or its sweep another count, since the run changed."""
        sweep = run.spec.sweep
        if not sweep or self.pages.find_sweep(sweep) is None:
            return self.pages.index_of(run.id) is None
        before, self._standing[run.id] = self._standing.get(run.id), run.status
        return before is not run.status

    @on(SweepsChanged)
    def _hear_of_sweeps(self, message: SweepsChanged) -> None:
        """The best value and the number of trials stand in the row of a sweep."""
        for sweep in message.changed:
            row = self.pages.find_sweep(sweep.id)
            best = sweep.best.value if sweep.best is not None else None
            if row is not None and (row.best, row.planned) != (best, sweep.planned):
                self._later.call("refresh_data", REFETCH, self.refresh_data)

    @on(RunTable.SweepTurned)
    def _turn_sweep(self, message: RunTable.SweepTurned) -> None:
        self._open_sweep(message.sweep.id, opened=not message.sweep.is_open)
        self.refresh_data()
        self.remember()

    def _open_sweep(self, sweep: str, *, opened: bool) -> None:
        """Its trials follow its row from the next answer on, or do not."""
        others = [one for one in self.pages.query.open_sweeps if one != sweep]
        now = [*others, sweep] if opened else others
        self.pages.set_query(replace(self.pages.query, open_sweeps=tuple(now[-OPEN_SWEEPS_LIMIT:])))

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """The run `selection["run"]`, a RunSummary, under the cursor; a filter may not hide it."""
        if self.pages.query.where:
            self.filter_bar.action_clear()
        self.post_message(RunSubmitted(selection["run"]))

    @on(RunSubmitted)
    def _go_to(self, message: RunSubmitted) -> None:
        if message.run.spec.sweep:
            self._open_sweep(message.run.spec.sweep, opened=True)
        self.shown.selected = message.run.id
        self.table.select(message.run.id)
        self.refresh_data()

    def _say_counts(self) -> None:
        matching, total = self.pages.passing, self.pages.total
        note = self.filter_bar.note
        where = self.pages.query.where
        words = f"{matching:,} of {total:,}" if where else ""
        doubts = self._doubt(where) if where and not matching else ""
        note.update(f"{words}: {doubts}" if doubts else words, is_error=bool(doubts))
        self.post_message(
            RunCountChanged(f"{matching:,}/{total:,}" if self.pages.query.where else f"{total:,}")
        )

    def _doubt(self, where: str) -> str:
        from tui.data.filter_names import unknown_name_warning

        return unknown_name_warning(where, self._known.values())

    def _empty_words(self) -> Row:
        if not self.pages.loaded:
            return (Span(f"   {self.connection.loading_text}", "muted"),)
        return (
            Span("   no run passes the filter", "muted"),
            Span("   esc", "key"),
            Span(" shows all", "muted"),
        )

    def _say_what_is_missing(self) -> None:
        """Where a run and its curve would be, why there are none yet."""
        run = self.selected
        nothing = (
            self._words_of_sweep() or "no run selected" if self.pages.loaded else self.connection.loading_text
        )
        self.details.say_without_run(nothing)
        waits = startup_text(run) if run is not None and not run.step else ""
        self.curves.say_when_empty((waits or self._why_no_points(run)) if run is not None else nothing)

    def _why_no_points(self, run: RunSummary) -> str:
        history = self.connection.history(run.id)
        is_read = history is not None and history.caught_up
        return "no points yet" if is_read or not run.step else "loading the curve"

    def _words_of_sweep(self) -> str:
        """What there is to say of the sweep under the cursor; empty on any other row."""
        sweep = self.table.sweep
        if sweep is None:
            return ""
        drawn = ", curve of the best" if sweep.best_run else ""
        key = self.context.keymap.shown("table.open")
        return f"sweep {sweep_title(sweep)}{drawn}; {key} {'hides' if sweep.is_open else 'lists'} them"

    def _set_invitation(self, empty: bool) -> None:
        if empty == self.has_class("-empty"):
            return
        self.set_class(empty, "-empty")
        if empty and self._welcome is None:
            from tui.runs.welcome import Welcome

            self._welcome = Welcome(self.context.keymap)
            self.mount(self._welcome)
        focused = self.screen.focused
        if focused is None or self in focused.ancestors:
            (self._welcome if empty and self._welcome is not None else self.table).focus()

    # --- the selected run ------------------------------------------------------------------------------

    @on(RunTable.Selected)
    def _select(self, message: RunTable.Selected) -> None:
        if message.run is None and message.sweep is None:
            return
        run = message.run.id if message.run is not None else self._best_run(message.sweep)
        if run != self.shown.selected or (run and not self.connection.history(run)):
            self.shown.selected = run
            self._later.call("follow", CALM, self.follow)
        self._show_selected()
        if self.curves.is_filled:
            self._say_what_is_missing()

    def _best_run(self, sweep: SweepRow | None) -> str:
        """The trial whose curve is drawn while the cursor is on the row of its sweep."""
        return sweep.best_run if sweep is not None else ""

    @on(RunTable.Marked)
    def _mark(self, message: RunTable.Marked) -> None:
        self.shown.toggle_mark(message.run.id)
        self.follow()

    @on(RunTable.SweepMarked)
    def _mark_sweep(self, message: RunTable.SweepMarked) -> None:
        run_and_notify(self, self._mark_trials(message.sweep))

    async def _mark_trials(self, sweep: SweepRow) -> str:
        """All of them; where all are marked already, none."""
        page = await self.connection.client.runs(Query(f"sweep={sweep.id}", limit=MARKS_LIMIT))
        marked = self.shown.toggle_all([run.id for run in page.runs])
        self.follow()
        if marked and page.matching > len(page.runs):
            return f"{len(page.runs):,} of {page.matching:,} trials are marked: that is the most."
        return ""

    def follow(self) -> None:
        """Read the stories of the runs that are shown, and draw them."""
        self.connection.follow(self.shown.ids, subscriber="runs")
        self._ask_for_unknown()
        self._show_selected()
        self.draw_curves()
        self.remember()

    def known_runs(self) -> list[RunSummary]:
        """The runs that are shown, as far as they are known."""
        found = ((self.pages.find(run) or self._known.get(run)) for run in self.shown.ids)
        return [run for run in found if run is not None]

    def _learn(self, runs: Iterable[RunSummary]) -> None:
        shown = self.shown.ids
        before = {run: self.label_of(run) for run in shown}
        self._known.update({run.id: run for run in runs if run.id in shown})
        if self.curves.is_filled and before != {run: self.label_of(run) for run in shown}:
            self.draw_curves()  # it was drawn before the run's name was known

    def _ask_for_unknown(self) -> None:
        for run in self.shown.ids:
            if run not in self._known and (found := self.pages.find(run)) is not None:
                self._known[run] = found
            elif run not in self._known and self.connection.is_connected:
                self.run_worker(
                    self._take_shown(run), group=f"shown {run}", exclusive=True, exit_on_error=False
                )

    async def _take_shown(self, run: str) -> None:
        """A run that is shown but lies outside the windows that were fetched."""
        try:
            self._known[run] = await self.connection.client.show(run)
        except EngineError:
            return  # the engine went: it is asked again when it is back
        except DltuiError:
            self.shown.forget(run)  # deleted since it was marked
        self._later.call("follow", CALM, self.follow)

    def label_of(self, run: str) -> str:
        found = self.pages.find(run) or self._known.get(run)
        if found is None:
            return run.split("-", 2)[-1]
        from tui.chart.legend import LONGEST_LABEL  # with curves alone

        seed = seed_text(found, self.known_runs())
        room = LONGEST_LABEL - len(seed) - 1
        return f"{plain(name_of(found), limit=room)} {seed}" if seed else name_of(found)

    def _show_selected(self) -> None:
        run = self.selected
        if not self.details.is_filled:
            return
        history = self.connection.history(run.id) if run is not None else None
        hue = self.shown.hues().get(run.id) if run is not None else None
        self.details.show(run, hue, history.left_out if history is not None else 0)
        for one in filter(None, map(self.connection.history, self.shown.ids)):
            one.is_damage_shown = True
        self.post_message(KeyHintsChanged())
        self._refresh_checkpoints()
        self._refresh_log()

    @on(HistoryChanged)
    def _curves_grew(self) -> None:
        if self.is_on_screen:
            self._later.call("curves", CURVES, self.draw_curves)

    def draw_curves(self) -> None:
        self._take_all_changes()
        if not self.curves.is_filled:
            return
        self._say_what_is_missing()
        shown = self.shown_curves()
        stories = [curve.history for curve in shown]
        self.curves.tell(shown, self.selected, self.state.metric, self.shown.baseline)
        if not all(history.is_damage_shown for history in stories):
            self._show_selected()
        self.table.set_metric(self.chart.metric)
        self.table.set_looks(self.shown.looks(self._letters()))

    def shown_curves(self) -> list[RunCurve]:
        """The runs on the chart, those whose story is being read."""
        return [
            RunCurve(history, self.label_of(run), hue)
            for run, hue in self.shown.hues().items()
            if (history := self.connection.history(run)) is not None
        ]

    def _letters(self) -> dict[str, str]:
        if not (self.app.no_color or glyphs().ascii_only):
            return {}
        return {series.key: LETTERS[place % len(LETTERS)] for place, series in enumerate(self.chart.series)}

    def metrics(self) -> list[str]:
        stories = [history for run in self.shown.ids if (history := self.connection.history(run)) is not None]
        return metrics_of(stories, self.selected)

    def turn_to(self, pane: str) -> None:
        """Show that pane of details, or the curves."""
        self.state.pane = pane if pane in ALL_PANES else "curves"
        self.set_class(self.state.pane != "curves", "-details")
        self.curves.choose(self.state.pane)
        self.details.turn_to(self.state.pane)
        self.call_after_refresh(self._refresh_log)

    def _refresh_checkpoints(self) -> None:
        run = self.selected
        known = (run.id, run.checkpoint_step, run.status) if run is not None else None
        if known != self._checkpoints_of:
            self._checkpoints_of = known
            if run is None or run.checkpoint_step == 0:
                self.details.show_checkpoints(() if run is not None else None)
            elif self.connection.is_connected:
                self.run_worker(
                    self._take_checkpoints(run.id), group="checkpoints", exclusive=True, exit_on_error=False
                )

    async def _take_checkpoints(self, run: str) -> None:
        try:
            found = await self.connection.client.show(run)
        except DltuiError:
            return  # removed, or the engine went: the table says so
        if self.selected is not None and self.selected.id == run:
            self.details.show_checkpoints(found.checkpoints)

    def _refresh_log(self) -> None:
        run = self.selected
        if run is None or not self.details.is_filled or not self.connection.is_connected:
            return
        tail = self.details.log_tail
        if not tail.is_on_screen:
            return
        if tail.run != run.id or run.status.is_active or self._log_was_active:
            tail.begin(run.id)
            self._log_was_active = run.status.is_active
            self.run_worker(self._take_log(run.id), group="log", exclusive=True, exit_on_error=False)

    async def _take_log(self, run: str) -> None:
        """Everything that was printed since; of a log seen for the first time its end alone."""
        tail = self.details.log_tail
        try:
            while tail.run == run:
                part = await self.connection.client.log(run, tail.offset_read or -LOG_END, LOG_END)
                if tail.run == run:
                    tail.add(part.text, part.end, begins=part.offset)
                if not part.text or part.end >= part.size:
                    return
        except DltuiError:
            return  # removed, or the engine went: the table says so

    # --- what is remembered ----------------------------------------------------------------------------

    def on_chart_view_changed(self) -> None:
        self.draw_curves()
        self.remember()

    def remember(self) -> None:
        """Write down how it is looked at now."""
        state, shown, query = self.state, self.shown, self.pages.query
        state.selected, state.marks, state.baseline = shown.selected, list(shown.marks), shown.baseline
        state.where, state.sort, state.descending = query.where, query.sort, query.descending
        state.open_sweeps = list(query.open_sweeps)
        state.full = self.has_class("-full")
        state.chart = self.curves.saved
        self.post_message(ViewStateChanged())
