"""The runs tab: the table of runs, the charts, the details of the selected run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from engine import filter_fields
from engine.errors import DltuiError
from engine.protocol import REDRAW_SECONDS, GroupRow, Page, Query, RunSummary
from tui.data.metric_pairs import charts_of
from tui.data.run_actions import run_and_notify
from tui.data.run_text import name_of, startup_text
from tui.keys import all_keys
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
from tui.runs.chosen_columns import sort_field
from tui.runs.linked_step import StepChosen
from tui.runs.problem_keys import ProblemKeys
from tui.runs.run_commands import RunCommands
from tui.runs.run_details import ALL_PANES, PANES, RunDetails
from tui.runs.run_rows import CONFIG, GROUP_SORTS, RunRows
from tui.runs.sweep_cells import sweep_title
from tui.runs.table import RunTable
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.ui.debounce import Debounce
from tui.ui.filter_bar import FilterBar
from tui.ui.heading import Heading
from tui.ui.span import Row, Span
from tui.ui.start_worker import start_worker
from tui.view_state import MARKS_LIMIT

if TYPE_CHECKING:
    from tui.chart.chart_grid import ChartGrid
    from tui.chart.curve_arrays import ChartCurve
    from tui.data.saved_views import SavedView
    from tui.runs.grid_panel import RunGrid
    from tui.runs.run_chart import RunChart
    from tui.runs.value_legend import ValueLegend
    from tui.runs.welcome import Welcome

SORTS = (
    "created", "name", "status", "", "best", *(one.name for one in filter_fields.COLUMNS if one.about)
)  # fmt: skip
"""fields to sort by; the empty one stands for the metric on the chart"""
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
    BINDINGS = all_keys.bindings("runs")

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
        self._legend: ValueLegend | None = None
        """below the list, for the charts beside it"""
        self._welcome: Welcome | None = None
        self.shown = ShownRuns(state.selected, state.marks, state.baseline)
        self.charted = ChartedRuns(self, self.connection, self.shown, self.pages, self._follow_soon)
        self.charted.is_grouped = state.grouped
        self.commands = RunCommands(self, self.table, self.charted)
        self.problems = ProblemKeys(self)
        self._linked: float | None = None
        """the position of the crosshair of which the panes were told last"""
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
        self.table.empty_row = self._empty_row
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
                self._show_grid(True)
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
            self._update_empty_texts()
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

    def action_group(self) -> None:
        """Runs that differ in the seed alone as one row and one curve, or each of its own."""
        self._show_groups(not self.is_grouped)
        self.refresh_data()
        self.follow()

    def _show_groups(self, is_grouped: bool) -> None:
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
            self._sweep_text() or self._group_text() or "no run selected"
            if self.pages.loaded
            else self.connection.loading_text
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

    def _group_text(self) -> str:
        """One line about the group under the cursor; empty on any other row."""
        group = self.table.group
        if group is None:
            return ""
        key = self.context.keymap.shown("table.open")
        drawn = len(self.shown.group)
        some = f", {drawn:,} drawn" if 0 < drawn < group.count else ""
        title = f"{group.count:,} runs that differ in the seed alone{some}"
        return f"{title}; {key} {'hides' if group.is_open else 'lists'} them"

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
            self._update_empty_texts()

    def _select_group(self, group: GroupRow) -> None:
        if self.shown.selected or not self.charted.has_runs_of(group):
            self.shown.selected = ""
            start_worker(self, self._follow_group, group, group="shown group", exclusive=True)
        self._show_selected()
        if self.curves.is_filled:
            self._update_empty_texts()

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
        self._update_empty_texts()
        self.curves.draw(self.charted, self.table.charted, self.state.metric)
        self._update_legend()
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
        self._follow_crosshair()

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
        return self.curves.is_filled or action == "new"

    def key_labels(self) -> dict[str, str]:
        labels = {**self.commands.key_labels(), "view.media": "images, texts" if self._has_media else ""}
        is_log = self.details.is_filled and self.details.log_pane.has_focus
        return labels | ({"view.filter": "search"} if is_log else {})

    def action_new(self) -> None:
        self.commands.new()

    def action_again(self) -> None:
        self.commands.again()

    def action_sweep(self) -> None:
        self.commands.sweep()

    def action_begin(self) -> None:
        self.commands.begin()

    def action_pause(self) -> None:
        self.commands.pause()

    def action_stop(self) -> None:
        self.commands.stop()

    def action_delete(self) -> None:
        self.commands.remove()

    def action_undo(self) -> None:
        self.commands.undo()

    def action_set_live(self) -> None:
        self.commands.set_live()

    def action_scale_lr(self, factor: float) -> None:
        self.commands.scale_lr(factor)

    def action_rename(self) -> None:
        self.commands.rename()

    def action_tag(self) -> None:
        self.commands.tag()

    def action_note(self) -> None:
        self.commands.note()

    def action_copy_id(self) -> None:
        self.commands.copy_id()

    def action_copy_command(self) -> None:
        self.commands.copy_command()

    # --- keys: the view --------------------------------------------------------------------------------

    def action_filter(self) -> None:
        grid = self.curves.grid
        if self.details.is_filled and self.details.log_pane.has_focus:
            self.details.log_view.open_search()
        elif grid is not None and self.has_class("-grid") and not self.table.has_focus:
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

    def action_sort(self) -> None:
        metric = self.chart.metric
        fields = [field or metric for field in (*SORTS, *(GROUP_SORTS if self.is_grouped else ()))]
        if self.table.chosen:
            fields = self.table.sort_fields or fields
        now = self.pages.query.sort
        following = fields[(fields.index(now) + 1) % len(fields)] if now in fields else fields[0]
        self._order(following, descending=following in ("created",))

    def action_reverse(self) -> None:
        self._order(self.pages.query.sort, descending=not self.pages.query.descending)

    def _order(self, field: str, *, descending: bool) -> None:
        self.rows.sort(field, descending=descending)
        self.refresh_data()
        self.remember()

    def action_views(self) -> None:
        from tui.runs.views_dialog import ViewsDialog

        ViewsDialog(self.app, self.context.places, self._view(), self._apply_view).open()

    def _view(self) -> SavedView:
        """What the table and the charts show now."""
        from tui.data.saved_views import SavedView

        query, columns = self.pages.query, [column.text for column in self.table.chosen]
        return SavedView(
            where=query.where, sort=query.sort, descending=query.descending, columns=columns,
            metric=self.chart.metric, grid=self.state.grid, grouped=self.is_grouped,
            charts=self.curves.grid.choice if self.state.grid and self.curves.grid is not None else {},
        )  # fmt: skip

    def _apply_view(self, view: SavedView) -> None:
        self.rows.filter(view.where)
        self.filter_bar.set_filter(view.where)
        self.table.choose(view.columns)
        self.state.metric = view.metric or self.state.metric
        if view.grouped != self.is_grouped:
            self._show_groups(view.grouped)
        self.state.grids.update(view.charts)
        if self.curves.grid is not None:
            self.curves.grid.choices_changed()
        if view.grid != self.state.grid:
            self._show_grid(view.grid)
        self._order(view.sort, descending=view.descending)
        self.draw_curves()

    def action_columns(self) -> None:
        from tui.runs.columns_dialog import ChosenColumns, ColumnsScreen
        from tui.runs.offered_columns import offered_columns

        def choose(chosen: ChosenColumns | None) -> None:
            if chosen is None:
                return
            self.table.choose([column.text for column in chosen.columns])
            field = sort_field(chosen.sort)
            if field:
                self._order(field, descending=False)
            elif chosen.sort:
                self.commands.notify(f"The table cannot be sorted by {chosen.sort}.")
            self.remember()

        self.app.push_screen(ColumnsScreen(offered_columns(self.table), self.table.chosen), choose)

    def action_metric(self, way: int) -> None:
        charts = charts_of(self.metrics(), paired=self.chart.view.paired)
        if charts:
            now = next((place for place, one in enumerate(charts) if self.chart.metric in one.names), -way)
            self.state.metric = charts[(now + way) % len(charts)].metric
            self.draw_curves()

    def action_compare(self) -> None:
        from tui.runs.compare import CompareScreen

        runs = self.charted.known()
        if len(runs) < 2:
            self.commands.notify("Mark two runs or more (space), then compare them.")
        else:
            client = self.connection.client if self.connection.is_connected else None
            self.app.push_screen(CompareScreen(runs, self.shown.hues(), self.shown.baseline, client))

    def action_media(self) -> None:
        from tui.runs.media_command import open_media  # needs NumPy

        open_media(self)

    def action_params(self) -> None:
        from tui.runs.params_screen import open_params  # needs NumPy

        open_params(self)

    def action_baseline(self) -> None:
        if run := self.commands.require_selected():
            pinned = self.shown.toggle_baseline(run.id)
            self.follow()
            self.commands.notify(
                f"{name_of(run)} is {'the baseline now' if pinned else 'no longer the baseline'}."
            )

    def action_unmark(self) -> None:
        self.shown.marks.clear()
        self.follow()

    @on(RunTable.Opened)
    def action_full(self) -> None:
        self.toggle_class("-full")
        if self.has_class("-full") and self.state.pane != "curves":
            self.select_pane("curves")
        if not self.has_class("-grid"):
            (self.chart if self.has_class("-full") else self.table).focus()
        elif not self.has_class("-large"):
            self.on_grid_panel_filter_left()
        self.draw_curves()
        self.remember()

    # --- the grid --------------------------------------------------------------------------------------

    def action_grid(self) -> None:
        self._show_grid(not self.state.grid)
        self.remember()

    def _show_grid(self, is_grid: bool, *, is_large: bool = False) -> None:
        """All metrics as small charts, one of them large in their place, or the curves below the table."""
        self.state.grid = is_grid
        self.set_class(is_grid, "-grid")
        self.set_class(is_large, "-large")
        self.curves.set_grid(is_grid and not is_large, is_alone=is_large)
        self.draw_curves()
        grid = self.curves.grid
        target = grid.grid if grid is not None and is_grid and not is_large else self.chart
        self.call_after_refresh((target if is_grid else self.table).focus)

    def on_chart_grid_moved(self) -> None:
        """The keys of the chart, the table and the legend follow the chart under the cursor."""
        grid = self.curves.grid
        if grid is not None and grid.grid.chosen and self.has_class("-grid") and not self.has_class("-large"):
            self.state.metric = grid.grid.chosen
            self.draw_curves()

    def on_chart_grid_opened(self, message: ChartGrid.Opened) -> None:
        self.state.metric = message.name
        self._show_grid(True, is_large=True)
        self.remember()

    def on_grid_panel_choice_changed(self) -> None:
        self.draw_curves()
        self.remember()

    def on_grid_panel_filter_left(self) -> None:
        """Focus the charts."""
        if self.curves.grid is not None:
            self.curves.grid.grid.focus()

    def on_run_grid_crosshair_stepped(self, message: RunGrid.CrosshairStepped) -> None:
        self._step_crosshair_in_grid(message.cells)

    def _step_crosshair_in_grid(self, cells: int) -> None:
        grid = self.curves.grid
        scene = grid.grid.chosen_scene if grid is not None else None
        if grid is not None and scene is not None:
            self.chart.step_crosshair_in(scene, *grid.grid.chosen_size, cells)

    def _update_legend(self) -> None:
        """In the list where there is one, else above the charts."""
        grid = self.curves.grid
        if grid is None:
            return
        is_grid, is_large = self.has_class("-grid"), self.has_class("-large")
        scene = self.chart.scene if is_large else grid.grid.chosen_scene
        is_beside = self.is_wide and not self.has_class("-full")
        if self._legend is None:
            from tui.runs.value_legend import ValueLegend

            self._legend = ValueLegend(id="legend")
            self.query_one("#top").mount(self._legend)
        self._legend.display = is_grid and is_beside
        grid.legend.display = not is_beside
        (self._legend if is_beside else grid.legend).update(scene if is_grid else None)

    def action_back(self) -> None:
        grid = self.curves.grid if self.has_class("-grid") else None
        if self.has_class("-large"):
            self._show_grid(True)
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
        else:
            self.table.focus()

    def action_pane(self, way: int) -> None:
        is_grid = self.has_class("-grid")
        panes = PANES if self.is_wide and not is_grid else ALL_PANES
        now = "curves" if is_grid and not self.has_class("-grid-details") else self.state.pane
        focus_was_there = not self.table.has_focus
        if self.screen.has_class("-ample") and focus_was_there and not is_grid:
            now = self.details.pane_after(self.screen.focused, 0)
        self.select_pane(panes[(panes.index(now) + way) % len(panes)] if now in panes else panes[0])
        self.set_class(is_grid and self.state.pane != "curves", "-grid-details")
        if focus_was_there:
            charts = self.curves.grid.grid if is_grid and self.curves.grid is not None else self.chart
            (charts if self.state.pane == "curves" else self.details.open_pane).focus()
        self.remember()

    @on(SwitchPane)
    def _turn(self, message: SwitchPane) -> None:
        self.action_pane(message.by)

    @on(Heading.Chosen)
    def _choose(self, message: Heading.Chosen) -> None:
        self.select_pane(message.title)
        self.remember()

    def action_chart(self, what: str) -> None:
        {
            "log": self.chart.action_toggle_log,
            "outliers": self.chart.action_toggle_outliers,
            "axis": self.chart.action_toggle_axis,
            "paired": self.chart.action_toggle_paired,
            "band": self.chart.action_next_band,
            "smoother": self.chart.action_smooth_more,
            "rougher": self.chart.action_smooth_less,
            "raw": self.chart.action_toggle_raw,
            "zoom_in": self.chart.action_zoom_in,
            "zoom_out": self.chart.action_zoom_out,
            "fit": self.chart.action_zoom_reset,
        }[what]()

    def action_y_range(self) -> None:
        from tui.runs.y_range_dialog import YRangeScreen

        def chosen(found: tuple[float, ...] | None) -> None:
            if found is not None:
                self.chart.set_y_range((found[0], found[1]) if found else None)

        view = self.chart.view
        self.app.push_screen(YRangeScreen(view.metric, view.y_ranges.get(view.metric)), chosen)

    def action_legend(self) -> None:
        from tui.runs.whole_legend_dialog import LegendScreen

        self.app.push_screen(LegendScreen(self.chart.title, self.chart.legend))

    def action_crosshair(self) -> None:
        if self.has_class("-grid") and not self.has_class("-large"):
            if self.chart.view.crosshair is None:
                self._step_crosshair_in_grid(-1)
            else:
                self.chart.action_crosshair_off()
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

    def action_save_log(self) -> None:
        if run := self.commands.require_selected():
            from tui.runs.save_log_dialog import save_log_dialog

            prompt = save_log_dialog(self.details.log_view, run)
            self.app.push_screen(prompt, lambda text: self.commands.notify(text) if text else None)

    def open_log(self) -> None:
        """Show the log and focus it."""
        if not self.details.log_pane.is_on_screen:
            if self.has_class("-full"):
                self.action_full()
            self.set_class(self.has_class("-grid"), "-grid-details")
            self.select_pane("log")
        self.details.log_pane.focus()

    # --- the step of the crosshair ---------------------------------------------------------------------

    @on(StepChosen)
    def _take_step(self, message: StepChosen) -> None:
        message.stop()
        self.go_to_step(message.step, message.pane)

    def go_to_step(self, step: float, pane: Widget | None = None) -> None:
        """Put the crosshair there, and all panes but the one that has moved to it."""
        curve = self._linked_curve()
        axis = self.chart.view.axis
        self._linked = step if curve is None else curve.translated(step, "step", axis)
        self.chart.show_crosshair(self._linked)
        self.details.show_step(step, pane)

    @property
    def crosshair_step(self) -> float | None:
        """The step at the crosshair, of the selected run."""
        crosshair, curve = self.chart.view.crosshair, self._linked_curve()
        if crosshair is None or curve is None:
            return crosshair
        return curve.translated(crosshair, self.chart.view.axis, "step")

    def _follow_crosshair(self) -> None:
        """Tell the panes where the crosshair is, unless one of them has moved it there."""
        crosshair, axis, curve = self.chart.view.crosshair, self.chart.view.axis, self._linked_curve()
        is_known = crosshair is None or axis == "step" or curve is not None
        if crosshair != self._linked and is_known:
            self._linked = crosshair
            self.details.show_step(self.crosshair_step)

    def _linked_curve(self) -> ChartCurve | None:
        """A curve of the selected run, which has its steps on each axis; None before it has points."""
        run = self.selected
        history = self.connection.history(run.id) if run is not None else None
        return max(history.series.values(), key=len, default=None) if history is not None else None

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
