"""The runs tab: the table of runs, the charts, the details of the selected run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.refresh_intervals import REDRAW_SECONDS
from engine.table_protocol import GroupRow, Page, Query
from tui.data.run_actions import run_and_notify
from tui.messages import (
    HistoryChanged,
    KeyHintsChanged,
    RunCountChanged,
    RunsChanged,
    RunSubmitted,
    SweepsChanged,
    SwitchPane,
    ViewStateChanged,
)
from tui.runs.charted_runs import ChartedRuns, CurvesPanel, ShownRuns
from tui.runs.empty_texts import EmptyTexts
from tui.runs.grid_mode import GridMode
from tui.runs.linked_step import LinkedStep, StepChosen
from tui.runs.problem_keys import ProblemKeys
from tui.runs.run_commands import RunCommands
from tui.runs.run_details import ALL_PANES, PANES, RunDetails
from tui.runs.run_rows import CONFIG, RunRows
from tui.runs.table import RunTable
from tui.runs.view_commands import ViewCommands
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.ui.debounce import Debounce
from tui.ui.filter_bar import FilterBar
from tui.ui.heading import Heading
from tui.ui.start_worker import start_worker
from tui.view_state import MARKS_LIMIT

if TYPE_CHECKING:
    from tui.chart.chart_grid import ChartGrid
    from tui.runs.grid_panel import RunGrid
    from tui.runs.run_chart import RunChart
    from tui.runs.welcome import Welcome

CURSOR_DELAY = 0.08
"""seconds the cursor rests on a run before its history is read"""
GROUPS_REFETCH, SHARE_OF_GROUPS = 2.0, 20.0
"""seconds until the means of groups are fetched again while their runs train, and at least so many times as
long as a page takes to load"""
REFETCH = 0.5
"""seconds until rows are fetched again, and until all panels are mounted at the latest"""


class RunsTab(Tab):
    """Lays out the panels, tells each what is selected and shown, and runs the keys."""

    NAME = "runs"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        self.connection, self.state = context.connection, context.state
        state = context.state
        query = Query(
            state.where, state.sort, state.descending, by_sweep=not state.grouped,
            open_sweeps=tuple(state.open_sweeps), group=CONFIG if state.grouped else "",
            open_groups=tuple(state.open_groups), statistics=(state.metric,) if state.metric else (),
        )  # fmt: skip
        self.rows = RunRows(self, self.connection, query, self._show_page, self._show_refusal)
        self.pages = self.rows.pages
        self.filter_bar = FilterBar(state.where)
        self.table = RunTable(self.pages, id="table")
        legend_key = context.keymap.shown("chart.legend")
        self.curves = CurvesPanel(state.chart, legend_key, state.grids, id="bottom")
        self.details = RunDetails(self.connection, id="details")
        self._welcome: Welcome | None = None
        self.shown = ShownRuns(state.selected, state.marks, state.baseline)
        self.charted = ChartedRuns(self, self.connection, self.shown, self.pages, self._follow_soon)
        self.charted.is_grouped = state.grouped
        self.commands = RunCommands(self, self.table, self.charted)
        self.problems = ProblemKeys(self)
        self.views = ViewCommands(self)
        self.grid_mode = GridMode(self)
        self.linked = LinkedStep(self)
        self._empty_texts = EmptyTexts(self)
        self._has_media = False
        """whether a shown run has logged more than numbers"""
        self._debounce = Debounce(self)
        self._pending_changes: list[RunsChanged] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="left"):
            with Vertical(id="top"):
                yield self.filter_bar
                yield self.table
            yield self.curves
        yield self.details

    def on_mount(self) -> None:
        self.table.empty_row = self._empty_texts.row
        self.table.choose(self.state.columns)
        self.table.select(self.shown.selected)
        self.select_pane(self.state.pane)
        self.set_class(self.state.full, "-full")
        self.set_timer(REFETCH, self._fill)

    def on_show(self) -> None:
        self.draw_curves()  # they may have grown while another tab was open

    def _fill(self) -> None:
        """Mount the charts and details, after the first frame has shown the table."""
        if not self.curves.is_filled:
            self.curves.fill()
            self.details.fill()
            if self.state.grid:
                self.grid_mode.show(True)
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

    def action_target(self, scope: str) -> Widget:
        if scope == "grid" and self.curves.grid is not None:
            return self.curves.grid.grid
        return self.chart if scope == "chart" else self

    def initial_focus(self) -> Widget:
        return self.table

    @property
    def is_wide(self) -> bool:
        return not self.screen.has_class("-narrow")

    # --- the table -------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        """Fetch all visible rows again."""
        self.charted.load_unknown()
        self.rows.fetch_again(*self.table.visible_rows)

    @on(RunTable.Missing)
    def _fetch(self, message: RunTable.Missing) -> None:
        self.rows.fetch(message.queries)

    def _show_refusal(self, error: DltuiError) -> None:
        self.filter_bar.set_note(str(error).removeprefix("Filter, "), is_error=True)

    def _show_page(self, page: Page) -> None:
        self._store_shown(page.runs)
        self._update_counts()
        self.table.pages_changed()
        self._toggle_welcome(page.total == 0)
        if self.curves.is_filled:
            self._empty_texts.update()
        if self.selected is not None:
            self._show_selected()
        self.call_after_refresh(self._fill)

    @on(RunsChanged)
    def _queue_changes(self, message: RunsChanged) -> None:
        """Progress alone is applied with the next redraw of the curves, if one is scheduled: one repaint
        instead of two."""
        self._pending_changes.append(message)
        if not self._debounce.is_pending("curves") or not self.rows.is_progress(message):
            self._apply_pending_changes()

    def _apply_pending_changes(self) -> None:
        while self._pending_changes:
            self._apply_changes(self._pending_changes.pop(0))

    def _apply_changes(self, message: RunsChanged) -> None:
        rows, is_outdated = self.rows.update(message)
        self._store_shown(message.changed)
        self.table.rows_changed(rows)
        is_shown_removed = any(run in self.shown.ids for run in message.removed)
        for run in message.removed:
            self.charted.forget(run)
        if is_shown_removed:
            self._follow_soon()
        if self.selected is not None and any(run.id == self.selected.id for run in message.changed):
            self._show_selected()
        if is_outdated:
            self._refetch_soon()
        elif self.is_grouped and message.changed and self.is_on_screen:
            wait = max(GROUPS_REFETCH, SHARE_OF_GROUPS * self.rows.seconds)
            self._debounce.call("refresh_groups", wait, self.refresh_data)

    def _refetch_soon(self) -> None:
        self._debounce.call("refresh_data", REFETCH, self.refresh_data)

    @on(SweepsChanged)
    def _refetch_changed_sweeps(self, message: SweepsChanged) -> None:
        """Refetch if the best value or the number of planned trials in the row of a sweep changed."""
        if any(map(self.rows.is_outdated, message.changed)):
            self._refetch_soon()

    @on(RunTable.SweepToggled)
    def _toggle_sweep(self, message: RunTable.SweepToggled) -> None:
        self.rows.open_sweep(message.sweep.id, opened=not message.sweep.is_open)
        self.refresh_data()
        self.remember()

    @property
    def is_grouped(self) -> bool:
        return bool(self.pages.query.group)

    @on(RunTable.GroupToggled)
    def _toggle_group(self, message: RunTable.GroupToggled) -> None:
        self.rows.open_group(message.group.id, opened=not message.group.is_open)
        self.refresh_data()
        self.remember()

    def show_groups(self, is_grouped: bool) -> None:
        """As one row each, from the next `refresh_data` on."""
        self.rows.group(is_grouped)
        self.rows.want_statistics(self.table.statistics)
        self.charted.is_grouped = is_grouped
        self.shown.group = ()

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """Move the cursor to `selection["run"]`, a RunSummary, and clear the filter."""
        if self.pages.query.where:
            self.filter_bar.action_clear()
        self.post_message(RunSubmitted(selection["run"]))

    @on(RunSubmitted)
    def _go_to(self, message: RunSubmitted) -> None:
        if message.run.spec.sweep and not self.is_grouped:
            self.rows.open_sweep(message.run.spec.sweep, opened=True)
        if self.is_grouped:
            from engine.run_groups import group_of

            self.rows.open_group(group_of(message.run), opened=True)
        self.shown.selected = message.run.id
        self.table.select(message.run.id)
        self.refresh_data()

    def _update_counts(self) -> None:
        matching, total = self.pages.passing, self.pages.total
        where = self.pages.query.where
        text = f"{matching:,} of {total:,}" if where else ""
        warning = self.charted.filter_warning(where) if where and not matching else ""
        self.filter_bar.set_note(f"{text}: {warning}" if warning else text, is_error=bool(warning))
        self.post_message(RunCountChanged(f"{matching:,}/{total:,}" if where else f"{total:,}"))

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
        """On the row of a sweep the curve of its best trial is drawn, on that of a group their mean."""
        if message.group is not None:
            self._select_group(message.group)
            return
        self.shown.group = ()
        if message.run is not None:
            run = message.run.id
        elif message.sweep is not None:
            run = message.sweep.best_run
        elif self.pages.loaded and not self.pages.matching:
            run = ""
        else:
            return  # the row under the cursor is being loaded
        if run != self.shown.selected or (run and not self.connection.history(run)):
            self.shown.selected = run
            self._follow_soon()
        self._show_selected()
        if self.curves.is_filled:
            self._empty_texts.update()

    def _select_group(self, group: GroupRow) -> None:
        if self.shown.selected or not self.charted.has_runs_of(group):
            self.shown.selected = ""
            start_worker(self, self._follow_group, group, group="shown group", exclusive=True)
        self._show_selected()
        if self.curves.is_filled:
            self._empty_texts.update()

    async def _follow_group(self, group: GroupRow) -> None:
        """Draw the runs of a group once the cursor rests on it."""
        await asyncio.sleep(CURSOR_DELAY)
        try:
            await self.charted.load_group(group, self.pages.query.where)
        except DltuiError:
            return  # no engine, or a filter that is refused: the table says so
        self.follow()

    @on(RunTable.GroupMarked)
    def _mark_group(self, message: RunTable.GroupMarked) -> None:
        run_and_notify(self, self._mark_all(f"config={message.group.id}", "runs"))

    @on(RunTable.Marked)
    def _mark(self, message: RunTable.Marked) -> None:
        self.shown.toggle_mark(message.run.id)
        self.follow()

    @on(RunTable.SweepMarked)
    def _mark_sweep(self, message: RunTable.SweepMarked) -> None:
        run_and_notify(self, self._mark_all(f"sweep={message.sweep.id}", "trials"))

    async def _mark_all(self, where: str, what: str) -> str:
        """Mark all trials of a sweep or runs of a group, or unmark them where all are marked."""
        page = await self.connection.client.runs(Query(where, limit=MARKS_LIMIT))
        marked = self.shown.toggle_all([run.id for run in page.runs])
        self.follow()
        if marked and page.matching > len(page.runs):
            return f"{len(page.runs):,} of {page.matching:,} {what} are marked: that is the most."
        return ""

    def _follow_soon(self) -> None:
        self._debounce.call("follow", CURSOR_DELAY, self.follow)

    def follow(self) -> None:
        """Read the histories of the shown runs, and draw them."""
        self.charted.follow()
        self._show_selected()
        self.draw_curves()
        self.remember()

    def _store_shown(self, runs: Sequence[RunSummary]) -> None:
        if self.charted.store(runs) and self.curves.is_filled:
            self.draw_curves()  # it was drawn before the name of the run was loaded

    def _show_selected(self) -> None:
        run = self.selected
        if not self.details.is_filled:
            return
        history = self.connection.history(run.id) if run is not None else None
        hue = self.charted.hues().get(run.id) if run is not None else None
        self.details.update(run, hue, history)
        for one in self.charted.histories():
            one.is_damage_shown = True
        self.post_message(KeyHintsChanged())

    @on(HistoryChanged)
    def _curves_grew(self) -> None:
        if self.is_on_screen:
            self._debounce.call("curves", REDRAW_SECONDS, self.draw_curves)

    def draw_curves(self) -> None:
        self._apply_pending_changes()
        if not self.curves.is_filled:
            return
        self._empty_texts.update()
        self.curves.draw(self.charted, self.table.charted, self.state.metric)
        self.grid_mode.update_legend()
        if not all(history.is_damage_shown for history in self.charted.histories()):
            self._show_selected()
        self.details.history_grew()
        if self._has_media != any(history.media for history in self.charted.histories()):
            self._has_media = not self._has_media
            self.post_message(KeyHintsChanged())
        if self.charted.is_in_table(self.chart.metric):
            self.table.set_metric(self.chart.metric)
        if self.rows.want_statistics(self.table.statistics):
            self._refetch_soon()
        group = self.table.group
        self.table.set_row_styles(self.charted.styles(self.curves.letters(), group.id if group else ""))
        self.linked.follow_crosshair()

    def metrics(self) -> list[str]:
        return self.charted.metrics(self.table.charted)

    def select_pane(self, pane: str) -> None:
        """Select a pane of the details, or the curves."""
        self.state.pane = pane if pane in ALL_PANES else "curves"
        self.set_class(self.state.pane != "curves", "-details")
        self.curves.select_pane(self.state.pane)
        self.details.select_pane(self.state.pane)

    # --- keys: commands --------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a new run is possible before all panels are mounted."""
        return self.curves.is_filled or (action, parameters) == ("command", ("new",))

    def key_labels(self) -> dict[str, str]:
        labels = {**self.commands.key_labels(), "view.media": "images, texts" if self._has_media else ""}
        is_log = self.details.is_filled and self.details.log_pane.has_focus
        return labels | ({"view.filter": "search"} if is_log else {})

    def action_command(self, name: str, *given: float) -> None:
        """Run the command of that name of RunCommands."""
        getattr(self.commands, name)(*given)

    def action_view(self, name: str, *given: int) -> None:
        """Run the command of that name of ViewCommands."""
        getattr(self.views, name)(*given)

    # --- keys: the view --------------------------------------------------------------------------------

    def action_filter(self) -> None:
        grid = self.curves.grid
        if self.details.is_filled and self.details.log_pane.has_focus:
            self.details.log_view.open_search()
        elif grid is not None and self.grid_mode.is_shown and not self.table.has_focus:
            grid.filter_bar.open()
        else:
            self.filter_bar.open()

    @on(FilterBar.Changed)
    def _filter(self, message: FilterBar.Changed) -> None:
        self.rows.filter(message.where)
        self.refresh_data()
        self.remember()

    def narrow_filter(self, where: str) -> None:
        """Of the runs in the table show only those that pass this filter too."""
        both = f"({self.pages.query.where}) and {where}" if self.pages.query.where else where
        self.filter_bar.set_filter(both)
        self._filter(FilterBar.Changed(both))

    @on(FilterBar.Closed)
    def _leave_filter(self) -> None:
        self.table.focus()

    @on(RunTable.Opened)
    def action_full(self) -> None:
        self.toggle_class("-full")
        if self.has_class("-full") and self.state.pane != "curves":
            self.select_pane("curves")
        if not self.grid_mode.is_shown:
            (self.chart if self.has_class("-full") else self.table).focus()
        elif not self.grid_mode.is_large:
            self.grid_mode.focus()
        self.draw_curves()
        self.remember()

    # --- the grid --------------------------------------------------------------------------------------

    def action_grid(self) -> None:
        self.grid_mode.show(not self.state.grid)
        self.remember()

    def on_chart_grid_moved(self) -> None:
        self.grid_mode.select_chart()

    def on_chart_grid_opened(self, message: ChartGrid.Opened) -> None:
        self.state.metric = message.name
        self.grid_mode.show(True, is_large=True)
        self.remember()

    def on_grid_panel_choice_changed(self) -> None:
        self.draw_curves()
        self.remember()

    def on_grid_panel_filter_left(self) -> None:
        self.grid_mode.focus()

    def on_run_grid_crosshair_stepped(self, message: RunGrid.CrosshairStepped) -> None:
        self.grid_mode.step_crosshair(message.cells)

    def action_back(self) -> None:
        grid = self.curves.grid if self.grid_mode.is_shown else None
        if self.grid_mode.is_large:
            self.grid_mode.show(True)
        elif self.has_class("-full"):
            self.action_full()
        elif grid is not None and self.chart.view.crosshair is not None:
            self.chart.action_crosshair_off()
        elif grid is not None and grid.has_filter:
            grid.clear_filter()
        elif grid is not None and not self.pages.query.where:
            self.action_grid()
        elif self.chart.view.crosshair is not None:
            self.chart.action_crosshair_off()
            self.table.focus()
        elif self.pages.query.where:
            self.filter_bar.action_clear()
        elif self.table.has_focus:
            raise SkipAction  # the app goes back to the tab that has opened this one
        else:
            self.table.focus()

    def action_pane(self, way: int) -> None:
        is_grid = self.grid_mode.is_shown
        panes = PANES if self.is_wide and not is_grid else ALL_PANES
        now = "curves" if is_grid and not self.has_class("-grid-details") else self.state.pane
        focus_was_there = not self.table.has_focus
        if self.screen.has_class("-ample") and focus_was_there and not is_grid:
            now = self.details.pane_after(self.screen.focused, 0)
        self.select_pane(panes[(panes.index(now) + way) % len(panes)] if now in panes else panes[0])
        self.set_class(is_grid and self.state.pane != "curves", "-grid-details")
        if focus_was_there:
            (self.grid_mode.charts if self.state.pane == "curves" else self.details.open_pane).focus()
        self.remember()

    @on(SwitchPane)
    def _turn(self, message: SwitchPane) -> None:
        self.action_pane(message.by)

    @on(Heading.Chosen)
    def _choose(self, message: Heading.Chosen) -> None:
        self.select_pane(message.title)
        self.remember()

    def action_chart(self, name: str) -> None:
        """Run the action of that name of the chart."""
        getattr(self.chart, f"action_{name}")()

    def action_crosshair(self) -> None:
        if self.grid_mode.is_shown and not self.grid_mode.is_large:
            self.grid_mode.toggle_crosshair()
            return
        if self.state.pane != "curves" and not self.is_wide:
            self.select_pane("curves")
        (self.chart if self.chart.toggle_crosshair() else self.table).focus()

    # --- the log; errors, NaN, spikes, matches -----------------------------------------------------------

    def action_next_problem(self, kind: str) -> None:
        self.problems.go(kind)

    def action_next_found(self, way: int) -> None:
        self.problems.go_on(way)

    def on_log_view_searched(self) -> None:
        self.problems.sought = "match"

    def open_log(self) -> None:
        """Show the log and focus it."""
        if not self.details.log_pane.is_on_screen:
            if self.has_class("-full"):
                self.action_full()
            self.set_class(self.grid_mode.is_shown, "-grid-details")
            self.select_pane("log")
        self.details.log_pane.focus()

    # --- the step of the crosshair ---------------------------------------------------------------------

    @on(StepChosen)
    def _take_step(self, message: StepChosen) -> None:
        message.stop()
        self.linked.go_to(message.step, message.pane)

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
        state.grouped, state.open_groups = self.is_grouped, list(query.open_groups)
        state.columns = [column.text for column in self.table.chosen]
        state.full = self.has_class("-full")
        state.chart = self.curves.saved
        self.post_message(ViewStateChanged())
