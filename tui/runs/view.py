"""The layout of the runs tab: the table, the charts, the details of the selected run; and its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from engine.errors import DltuiError, EngineError
from engine.protocol import REDRAW_SECONDS, Page, Query, RunSummary, Status, SweepRow
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

CURSOR_DELAY = 0.08
"""seconds the cursor rests on a run before its history is read"""
REFETCH, LOG = 0.5, 2.0
LOG_END = 65_536
"""bytes of a log read per request; also where reading starts, counted from its end"""


class RunView(Tab):
    """Holds what is selected and shown, fetches it, and updates the panels."""

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
        self.curves = CurvesPanel(state.chart, context.keymap.shown("chart.legend"), id="bottom")
        self.details = RunDetails(id="details")
        self._welcome: Welcome | None = None
        self.shown = ShownRuns(state.selected, state.marks, state.baseline)
        self._debounce = Debounce(self)
        self._requested: dict[Query, int] = {}
        self._known: dict[str, RunSummary] = {}
        self._checkpoints_of: tuple[str, int, Status] | None = None
        self._log_was_active = False
        self._pending_changes: list[RunsChanged] = []
        self._trial_statuses: dict[str, Status] = {}
        """last known status of each trial below a sweep"""

    def compose(self) -> ComposeResult:
        with Vertical(id="left"):
            with Vertical(id="top"):
                yield self.filter_bar
                yield self.table
            yield self.curves
        yield self.details

    def on_mount(self) -> None:
        self.table.empty_row = self._empty_row
        self.table.select(self.shown.selected)
        self.select_pane(self.state.pane)
        self.set_class(self.state.full, "-full")
        self.set_interval(LOG, self._refresh_log)
        self.set_timer(REFETCH, self._fill)

    def on_show(self) -> None:
        self.draw_curves()  # they may have grown while another tab was open

    def _fill(self) -> None:
        """Mount the charts and details, after the first frame has shown the table."""
        if not self.curves.is_filled:
            self.curves.fill()
            self.details.fill()
            self._show_selected()
            self.draw_curves()

    def on_descendant_focus(self) -> None:
        self._highlight()

    def on_descendant_blur(self) -> None:
        self._highlight()

    def _highlight(self) -> None:
        """Highlight the headings of the focused panel."""
        focused = self.screen.focused
        around = focused.ancestors_with_self if focused is not None else []
        self.curves.highlight(self.curves in around)
        self.details.highlight(focused)
        self.post_message(KeyHintsChanged())

    @property
    def chart(self) -> RunChart:
        return self.curves.chart

    @property
    def selected(self) -> RunSummary | None:
        return self.table.selected

    # --- the table -------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        """Fetch all visible rows again."""
        self.pages.expire()
        self._load_unknown()
        first, last = self.table.visible_rows
        self._fetch(
            RunTable.Missing(self.pages.missing(first, max(first, min(last, self.pages.matching - 1))))
        )

    @on(RunTable.Missing)
    def _fetch(self, message: RunTable.Missing) -> None:
        if self.connection.is_connected:
            for query in message.queries:
                if query not in self._requested:
                    self.run_worker(self._load_page(query), group="pages", exit_on_error=False)
                self._requested[query] = self._requested.get(query, 0) + 1

    async def _load_page(self, query: Query) -> None:
        """Repeated if it was requested again meanwhile: the response may be older than the change."""
        try:
            while self._requested.get(query, 1):
                self._requested[query] = 0
                self._show_page(query, await self.connection.client.runs(query))
        except DltuiError as error:
            self.filter_bar.set_note(str(error).removeprefix("Filter, "), is_error=True)
        finally:
            del self._requested[query]

    def _show_page(self, query: Query, page: Page) -> None:
        self.pages.put(query, page)
        self._store_shown(page.runs)
        self._update_counts()
        self.table.pages_changed()
        self._toggle_welcome(page.total == 0)
        if self.curves.is_filled:
            self._update_empty_texts()
        if self.selected is not None:
            self._show_selected()
        self.call_after_refresh(self._fill)

    @on(RunsChanged)
    def _queue_changes(self, message: RunsChanged) -> None:
        """Progress alone is applied with the next redraw of the curves, if one is scheduled: one repaint
        instead of two."""
        self._pending_changes.append(message)
        if not self._debounce.is_pending("curves") or not self._is_progress(message):
            self._apply_pending_changes()

    def _is_progress(self, message: RunsChanged) -> bool:
        stays = all((old := self.pages.find(run.id)) and old.status is run.status for run in message.changed)
        return stays and not message.removed and message.total == self.pages.total

    def _apply_pending_changes(self) -> None:
        while self._pending_changes:
            self._apply_changes(self._pending_changes.pop(0))

    def _apply_changes(self, message: RunsChanged) -> None:
        unknown = any([self._changes_rows(run) for run in message.changed])
        rows = self.pages.update(message.changed)
        self._store_shown(message.changed)
        self.table.rows_changed(rows)
        for run in message.removed:
            self._trial_statuses.pop(run, None)
            self.shown.forget(run)
            self.connection.discard(run)
        if self.selected is not None and any(run.id == self.selected.id for run in message.changed):
            self._show_selected()
        settled = self.pages.query.sort == "created" and not self.pages.query.where
        if message.removed or unknown or message.total != self.pages.total or (rows and not settled):
            self._debounce.call("refresh_data", REFETCH, self.refresh_data)

    def _changes_rows(self, run: RunSummary) -> bool:
        """Whether the change adds a row to the table or changes the counts of a sweep."""
        sweep = run.spec.sweep
        if not sweep or self.pages.find_sweep(sweep) is None:
            return self.pages.index_of(run.id) is None
        before, self._trial_statuses[run.id] = self._trial_statuses.get(run.id), run.status
        return before is not run.status

    @on(SweepsChanged)
    def _refetch_changed_sweeps(self, message: SweepsChanged) -> None:
        """Refetch if the best value or the number of planned trials in the row of a sweep changed."""
        for sweep in message.changed:
            row = self.pages.find_sweep(sweep.id)
            best = sweep.best.value if sweep.best is not None else None
            if row is not None and (row.best, row.planned) != (best, sweep.planned):
                self._debounce.call("refresh_data", REFETCH, self.refresh_data)

    @on(RunTable.SweepToggled)
    def _toggle_sweep(self, message: RunTable.SweepToggled) -> None:
        self._open_sweep(message.sweep.id, opened=not message.sweep.is_open)
        self.refresh_data()
        self.remember()

    def _open_sweep(self, sweep: str, *, opened: bool) -> None:
        """List its trials below its row with the next page, or hide them."""
        others = [one for one in self.pages.query.open_sweeps if one != sweep]
        now = [*others, sweep] if opened else others
        self.pages.set_query(replace(self.pages.query, open_sweeps=tuple(now[-OPEN_SWEEPS_LIMIT:])))

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """Move the cursor to `selection["run"]`, a RunSummary, and clear the filter."""
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

    def _update_counts(self) -> None:
        matching, total = self.pages.passing, self.pages.total
        where = self.pages.query.where
        text = f"{matching:,} of {total:,}" if where else ""
        warning = self._filter_warning(where) if where and not matching else ""
        self.filter_bar.set_note(f"{text}: {warning}" if warning else text, is_error=bool(warning))
        self.post_message(
            RunCountChanged(f"{matching:,}/{total:,}" if self.pages.query.where else f"{total:,}")
        )

    def _filter_warning(self, where: str) -> str:
        from tui.data.filter_names import unknown_name_warning

        return unknown_name_warning(where, self._known.values())

    def _empty_row(self) -> Row:
        if not self.pages.loaded:
            return (Span(f"   {self.connection.loading_text}", "muted"),)
        return (
            Span("   no run passes the filter", "muted"),
            Span("   esc", "key"),
            Span(" shows all", "muted"),
        )

    def _update_empty_texts(self) -> None:
        """Set the texts in place of a run and its curve: why there are none yet."""
        run = self.selected
        nothing = (
            self._sweep_text() or "no run selected" if self.pages.loaded else self.connection.loading_text
        )
        self.details.set_empty_text(nothing)
        waits = startup_text(run) if run is not None and not run.step else ""
        self.curves.set_empty_text((waits or self._why_no_points(run)) if run is not None else nothing)

    def _why_no_points(self, run: RunSummary) -> str:
        history = self.connection.history(run.id)
        is_read = history is not None and history.caught_up
        return "no points yet" if is_read or not run.step else "loading the curve"

    def _sweep_text(self) -> str:
        """One line about the sweep under the cursor; empty on any other row."""
        sweep = self.table.sweep
        if sweep is None:
            return ""
        drawn = ", curve of the best" if sweep.best_run else ""
        key = self.context.keymap.shown("table.open")
        return f"sweep {sweep_title(sweep)}{drawn}; {key} {'hides' if sweep.is_open else 'lists'} them"

    def _toggle_welcome(self, empty: bool) -> None:
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
            self._debounce.call("follow", CURSOR_DELAY, self.follow)
        self._show_selected()
        if self.curves.is_filled:
            self._update_empty_texts()

    def _best_run(self, sweep: SweepRow | None) -> str:
        """The id of the best trial, whose curve is drawn while the cursor is on the row of its sweep."""
        return sweep.best_run if sweep is not None else ""

    @on(RunTable.Marked)
    def _mark(self, message: RunTable.Marked) -> None:
        self.shown.toggle_mark(message.run.id)
        self.follow()

    @on(RunTable.SweepMarked)
    def _mark_sweep(self, message: RunTable.SweepMarked) -> None:
        run_and_notify(self, self._mark_trials(message.sweep))

    async def _mark_trials(self, sweep: SweepRow) -> str:
        """Mark all trials of a sweep, or unmark them where all are marked."""
        page = await self.connection.client.runs(Query(f"sweep={sweep.id}", limit=MARKS_LIMIT))
        marked = self.shown.toggle_all([run.id for run in page.runs])
        self.follow()
        if marked and page.matching > len(page.runs):
            return f"{len(page.runs):,} of {page.matching:,} trials are marked: that is the most."
        return ""

    def follow(self) -> None:
        """Read the histories of the shown runs, and draw them."""
        self.connection.follow(self.shown.ids, subscriber="runs")
        self._load_unknown()
        self._show_selected()
        self.draw_curves()
        self.remember()

    def known_runs(self) -> list[RunSummary]:
        """The shown runs that are loaded."""
        found = ((self.pages.find(run) or self._known.get(run)) for run in self.shown.ids)
        return [run for run in found if run is not None]

    def _store_shown(self, runs: Iterable[RunSummary]) -> None:
        shown = self.shown.ids
        before = {run: self.label_of(run) for run in shown}
        self._known.update({run.id: run for run in runs if run.id in shown})
        if self.curves.is_filled and before != {run: self.label_of(run) for run in shown}:
            self.draw_curves()  # it was drawn before the name of the run was loaded

    def _load_unknown(self) -> None:
        for run in self.shown.ids:
            if run not in self._known and (found := self.pages.find(run)) is not None:
                self._known[run] = found
            elif run not in self._known and self.connection.is_connected:
                self.run_worker(
                    self._load_run(run), group=f"shown {run}", exclusive=True, exit_on_error=False
                )

    async def _load_run(self, run: str) -> None:
        """Load a shown run that is not on any fetched page."""
        try:
            self._known[run] = await self.connection.client.show(run)
        except EngineError:
            return  # no engine: it is requested again when it is back
        except DltuiError:
            self.shown.forget(run)  # deleted since it was marked
        self._debounce.call("follow", CURSOR_DELAY, self.follow)

    def label_of(self, run: str) -> str:
        found = self.pages.find(run) or self._known.get(run)
        if found is None:
            return run.split("-", 2)[-1]
        from tui.chart.picture import LONGEST_LABEL  # with curves alone

        seed = seed_text(found, self.known_runs())
        room = LONGEST_LABEL - len(seed) - 1
        return f"{plain(name_of(found), limit=room)} {seed}" if seed else name_of(found)

    def _show_selected(self) -> None:
        run = self.selected
        if not self.details.is_filled:
            return
        history = self.connection.history(run.id) if run is not None else None
        hue = self.shown.hues().get(run.id) if run is not None else None
        self.details.update(run, hue, history.left_out if history is not None else 0)
        for one in filter(None, map(self.connection.history, self.shown.ids)):
            one.is_damage_shown = True
        self.post_message(KeyHintsChanged())
        self._refresh_checkpoints()
        self._refresh_log()

    @on(HistoryChanged)
    def _curves_grew(self) -> None:
        if self.is_on_screen:
            self._debounce.call("curves", REDRAW_SECONDS, self.draw_curves)

    def draw_curves(self) -> None:
        self._apply_pending_changes()
        if not self.curves.is_filled:
            return
        self._update_empty_texts()
        shown = self.shown_curves()
        histories = [curve.history for curve in shown]
        self.curves.update_runs(shown, self.selected, self.state.metric, self.shown.baseline)
        if not all(history.is_damage_shown for history in histories):
            self._show_selected()
        self.table.set_metric(self.chart.metric)
        self.table.set_row_styles(self.shown.styles(self._letters()))

    def shown_curves(self) -> list[RunCurve]:
        """The runs on the chart whose history is being read."""
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
        histories = [
            history for run in self.shown.ids if (history := self.connection.history(run)) is not None
        ]
        return metrics_of(histories, self.selected)

    def select_pane(self, pane: str) -> None:
        """Select a pane of the details, or the curves."""
        self.state.pane = pane if pane in ALL_PANES else "curves"
        self.set_class(self.state.pane != "curves", "-details")
        self.curves.select_pane(self.state.pane)
        self.details.select_pane(self.state.pane)
        self.call_after_refresh(self._refresh_log)

    def _refresh_checkpoints(self) -> None:
        run = self.selected
        known = (run.id, run.checkpoint_step, run.status) if run is not None else None
        if known != self._checkpoints_of:
            self._checkpoints_of = known
            if run is None or run.checkpoint_step == 0:
                self.details.update_checkpoints(() if run is not None else None)
            elif self.connection.is_connected:
                self.run_worker(
                    self._load_checkpoints(run.id), group="checkpoints", exclusive=True, exit_on_error=False
                )

    async def _load_checkpoints(self, run: str) -> None:
        try:
            found = await self.connection.client.show(run)
        except DltuiError:
            return  # removed, or the engine went: the table says so
        if self.selected is not None and self.selected.id == run:
            self.details.update_checkpoints(found.checkpoints)

    def _refresh_log(self) -> None:
        run = self.selected
        if run is None or not self.details.is_filled or not self.connection.is_connected:
            return
        tail = self.details.log_tail
        if not tail.is_on_screen:
            return
        if tail.run != run.id or run.status.is_active or self._log_was_active:
            tail.open(run.id)
            self._log_was_active = run.status.is_active
            self.run_worker(self._load_log(run.id), group="log", exclusive=True, exit_on_error=False)

    async def _load_log(self, run: str) -> None:
        """Read the log from where it was read last; a log opened for the first time, its end."""
        tail = self.details.log_tail
        try:
            while tail.run == run:
                part = await self.connection.client.log(run, tail.offset_read or -LOG_END, LOG_END)
                if tail.run == run:
                    tail.append(part.text, part.end, start=part.offset)
                if not part.text or part.end >= part.size:
                    return
        except DltuiError:
            return  # removed, or the engine went: the table says so

    # --- state -----------------------------------------------------------------------------------------

    def on_chart_view_changed(self) -> None:
        self.draw_curves()
        self.remember()

    def remember(self) -> None:
        """Copy the view into the state of the app and post ViewChanged."""
        state, shown, query = self.state, self.shown, self.pages.query
        state.selected, state.marks, state.baseline = shown.selected, list(shown.marks), shown.baseline
        state.where, state.sort, state.descending = query.where, query.sort, query.descending
        state.open_sweeps = list(query.open_sweeps)
        state.full = self.has_class("-full")
        state.chart = self.curves.saved
        self.post_message(ViewStateChanged())
