"""The Sweep tab: the list of sweeps, and the trials and the plot of one; the actions of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from engine.errors import DltuiError, EngineError
from engine.sweep_protocol import SweepStatus, SweepSummary, TrialGroup, TrialQuery, TrialStatus
from tui.messages import KeyHintsChanged, SweepsChanged, ViewStateChanged
from tui.plots.brush import readable
from tui.plots.plot_state import PlotState, subject_of
from tui.plots.plot_widget import PlotWidget
from tui.sweeps.brush_line import BrushLine
from tui.sweeps.loaded_sweeps import LoadedSweeps
from tui.sweeps.sweep_commands import SweepCommands
from tui.sweeps.sweep_list import EmptyState, SweepList
from tui.sweeps.trial_table import TrialTable
from tui.sweeps.trial_text import facts_rows
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.debounce import Debounce
from tui.ui.filter_bar import FilterBar
from tui.ui.heading import Heading
from tui.ui.pages import PageRequests
from tui.ui.span import Row, Span
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice

VIEWS = {
    "table": "table", "parallel": "parallel", "importance": "importance", "slice": "slices",
    "best": "best so far", "heat": "heat map",
}  # fmt: skip
REFETCH = 0.5
"""seconds between two requests for trials that change"""
REDRAW = 1.0
CURSOR_DELAY = 0.12
"""seconds the cursor rests on a trial before the plot marks it"""
SIDE, STACKED = 150, 34
"""width, and height, from which on plot and table are shown together"""
HINT = "val_loss<0.1 and lr>=0.01, or plain words"
_NEED_A_SWEEP = (
    "sweep.pause", "sweep.stop", "sweep.add", "sweep.widen", "sweep.size", "sweep.filter", "sweep.export",
    "sweep.copy", "sweep.next", "sweep.clear",
)  # fmt: skip
_NEED_A_TRIAL = (
    "trials.open", "trials.pin", "trials.stop", "trials.extend", "trials.run", "trials.sort", "trials.group",
    "trials.seeds", "sweep.copy",
)  # fmt: skip


class SweepTab(Tab):
    """Lays out the panels and updates them, and routes keys to the objects that act on them."""

    NAME = "sweep"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.sweeps = LoadedSweeps(context.connection, saved)
        self.front = saved_choice(saved, "view", VIEWS, "table")
        titles = [(f"sweep.{name}", name, title) for name, title in VIEWS.items()]
        self.view_bar = ViewBar(titles, context.keymap)
        self.list = SweepList(id="sweep-list")
        self.facts = TextRows(id="sweep-facts")
        self.filter_bar = FilterBar(hint=HINT)
        self.brush_line = BrushLine(context.keymap)
        self.heading = Heading(("trials",))
        self.table = TrialTable(self.sweeps.pages)
        self.table.empty_row = self._empty_row
        self.plot = PlotWidget()
        self.empty_state = EmptyState(context.keymap, id="sweep-invitation")
        self.commands = SweepCommands(self, context, self.sweeps, self.table)
        self._shown_of = ""
        self._debounce = Debounce(self)
        self._requests = PageRequests(self, self._load_page, "trials")

    def compose(self) -> ComposeResult:
        yield self.view_bar
        yield self.list
        yield self.facts
        yield self.filter_bar
        yield self.brush_line
        with Container(id="sweep-body"):
            yield self.plot
            with Vertical(id="sweep-table"):
                yield self.heading
                yield self.table
        yield self.empty_state

    def on_mount(self) -> None:
        self.add_class("-empty")
        self._update_empty_state()
        self._select_view(self.front)

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width >= SIDE, "-side")
        self.set_class(width < SIDE and height >= STACKED, "-stacked")

    # --- open and close --------------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        self.refresh_data()

    def deactivated(self) -> None:
        super().deactivated()
        self._debounce.stop()

    def initial_focus(self) -> Widget:
        return self.panel

    @property
    def panel(self) -> Widget:
        """The widget of the view in front, which gets the focus."""
        if not self.sweeps.all:
            return self.empty_state
        return self.table if self.front == "table" else self.plot

    def on_descendant_focus(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)
        self.post_message(KeyHintsChanged())

    def on_descendant_blur(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """`selection` may have a run, `like`, with whose parameters the form of a sweep is opened."""
        if (run := selection.get("like")) is not None:
            self.commands.of_run(run)

    def _update_empty_state(self) -> None:
        waiting = self.context.connection.loading_text.replace("runs", "sweeps")
        self.empty_state.set_waiting("" if self.sweeps.loaded else waiting)

    def refresh_data(self) -> None:
        """Fetch the sweeps again if there is an engine and the tab is open."""
        self._update_empty_state()
        if self.context.connection.is_connected and self.is_open:
            start_worker(self, self._fetch, group="sweeps", exclusive=True)

    async def _fetch(self) -> None:
        try:
            await self.sweeps.fetch()
        except DltuiError as error:
            self.set_status(str(error))
            return
        self.set_status("")
        self.update_all()

    @on(SweepsChanged)
    def _apply_changes(self, message: SweepsChanged) -> None:
        self.sweeps.update(message.changed, message.removed)
        if not self.is_open:
            return
        chosen = self.sweeps.chosen
        if chosen is None or chosen.id != self._shown_of:
            self.update_all()
            return
        self._update_list()
        if any(sweep.id == chosen.id for sweep in message.changed):
            self._debounce.call("pages", REFETCH, self._expire)
            self._debounce.call("picture", REDRAW, self.request_picture)

    @on(SweepCommands.Started)
    def _show_started(self, message: SweepCommands.Started) -> None:
        self.sweeps.update((message.sweep,), ())
        self.sweeps.loaded = True
        self.sweeps.select(message.sweep.id)
        self.update_all()
        self.remember()
        self.panel.focus(scroll_visible=False)

    @on(SweepCommands.Edited)
    def _expire(self) -> None:
        self.sweeps.pages.expire()
        self.table.request_missing()

    # --- the selected sweep ----------------------------------------------------------------------------

    def update_all(self) -> None:
        """Update the list and all panels from the loaded data."""
        chosen = self.sweeps.chosen
        had_focus = self._has_focus or not self._shown_of
        self.set_class(chosen is None, "-empty")
        self._update_empty_state()
        self._update_list()
        if chosen is not None and chosen.id != self._shown_of:
            self._show_sweep(chosen)
        elif chosen is not None:
            self._expire()
        self.request_picture()
        if had_focus or self.screen.focused is None:
            self.call_after_refresh(self._focus_panel)

    @property
    def _has_focus(self) -> bool:
        """Whether the focus is on a widget of the tab that was hidden."""
        focused = self.screen.focused
        return focused is not None and self in focused.ancestors and not focused.is_on_screen

    def _focus_panel(self) -> None:
        if self.is_open and len(self.app.screen_stack) == 1:
            self.panel.focus(scroll_visible=False)

    def _update_list(self) -> None:
        self.list.update(self.sweeps.all, self.sweeps.place)
        chosen = self.sweeps.chosen
        self.facts.update(lambda width: facts_rows(chosen, width) if chosen is not None else ())
        self.post_message(KeyHintsChanged())

    def _show_sweep(self, sweep: SweepSummary) -> None:
        """Show another sweep with its saved view."""
        self._shown_of = sweep.id
        view = self.sweeps.view
        self.filter_bar.set_filter(view.where)
        self.table.marked = list(view.marked)
        self.table.column_name = view.column
        self.apply_query()
        self.plot.set_view(self.kind, self._plot_state())
        self.request_trials()
        if view.trial and not view.group:
            self.table.select(view.trial)

    def _plot_state(self) -> PlotState | None:
        """The view of the selected sweep as the plot takes it."""
        chosen, view = self.sweeps.chosen, self.sweeps.view
        if chosen is None:
            return None
        return PlotState(subject_of(chosen.spec), view.axis, view.brushes, view.log, view.pair, view.trial)

    @property
    def kind(self) -> str:
        """The kind of the plot, also while only the table is shown."""
        return self.front if self.front != "table" else "parallel"

    def apply_query(self) -> None:
        """Apply a changed filter, order or grouping to the table."""
        chosen = self.sweeps.chosen
        if chosen is not None:
            self.sweeps.apply_view()
            self.table.set_columns(chosen.spec, self.sweeps.metrics)
            self._update_counts()

    def request_trials(self) -> None:
        """Request the visible trials."""
        first, last = self.table.visible_rows
        self._request_pages(TrialTable.Missing(self.sweeps.pages.missing(first, max(first, last))))

    @on(TrialTable.Missing)
    def _request_pages(self, message: TrialTable.Missing) -> None:
        if self.context.connection.is_connected:
            for query in message.queries:
                self._requests.add((self.sweeps.pages.sweep, query))

    async def _load_page(self, request: tuple[str, TrialQuery]) -> None:
        sweep, query = request
        try:
            has_new_metric = await self.sweeps.fetch_page(sweep, query)
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            text = await self.sweeps.filter_error(sweep, str(error))
            self.filter_bar.display = True
            self.filter_bar.set_note(text.removeprefix("Filter, "), is_error=True)
            return
        if has_new_metric and self.sweeps.chosen is not None:
            self.table.set_columns(self.sweeps.chosen.spec, self.sweeps.metrics)
        self._update_counts()
        self.table.pages_changed()

    def _update_counts(self) -> None:
        pages = self.sweeps.pages
        where, group = pages.query.where, pages.query.group
        text = f"{pages.matching:,} of {pages.total:,}" if where else f"{pages.total:,}"
        if group:
            text = f"{pages.matching:,} group{'s' * (pages.matching != 1)}, {pages.total:,} trials in all"
        self.heading.set_note(Span(text, "muted"))
        metric = self.sweeps.chosen.spec.metric if self.sweeps.chosen is not None else ""
        self.brush_line.update(readable(self.sweeps.view.brushed, metric), text if pages.loaded else "")
        if pages.loaded:
            self.filter_bar.set_note(f"{pages.matching:,} of {pages.total:,}" if where else "")

    def _empty_row(self) -> Row:
        if not self.sweeps.pages.loaded:
            return ()
        if not self.sweeps.pages.query.where:
            return (Span("   no trial has started yet", "muted"),)
        key = self.context.keymap.shown("sweep.clear", ascii_only=glyphs().ascii_only)
        return (Span("   no trial passes", "muted"), Span(f"   {key}", "key"), Span(" shows all", "muted"))

    @on(TrialTable.Selected)
    def _select(self) -> None:
        row = self.table.trial
        if row is not None and self.sweeps.pages.loaded:
            self.sweeps.view.trial = row.trial
            self._debounce.call("point", CURSOR_DELAY, self._point)
            self.remember()

    def _point(self) -> None:
        if self.front != "table":
            self.plot.point_at(self.sweeps.view.trial)

    # --- the plot --------------------------------------------------------------------------------------

    def request_picture(self) -> None:
        """Request the analysis that the plot is drawn from, while it is visible."""
        chosen, is_shown = self.sweeps.chosen, self.front != "table" and self.is_open
        if chosen is None or not is_shown or not self.context.connection.is_connected:
            return
        if self.plot.view is None:
            self.plot.set_view(self.kind, self._plot_state())
        pair = dict(zip("xy", self.plot.pair, strict=True)) if self.kind == "heat" else {}
        if self.kind == "heat" and not all(pair.values()):
            self.plot.set_error("A heat map needs two axes; this sweep has one.")
            return
        work = partial(self._load_picture, chosen.id, self.kind, pair)
        start_worker(self, work, group="picture", exclusive=True)

    async def _load_picture(self, sweep: str, kind: str, pair: dict[str, str]) -> None:
        try:
            answer, is_filtered = await self.sweeps.fetch_analysis(sweep, kind, pair)
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            self.plot.set_error(str(error))
            return
        if sweep == self._shown_of:
            self.plot.set_answer(kind, answer, is_filtered=is_filtered)
            self._update_brushed()

    def _update_brushed(self) -> None:
        """Update the filter of the brushes: the range of an axis may have grown."""
        brushed = self.plot.brushed
        if self.plot.kind == "parallel" and brushed != self.sweeps.view.brushed:
            self.sweeps.view.brushed = brushed
            self.apply_query()
            self.request_trials()

    def _select_view(self, name: str) -> None:
        self.front = name
        self.set_class(name == "table", "-table")
        self.view_bar.select(name)
        if name != "table":
            self.plot.set_view(name, self._plot_state())
            self.request_picture()
        self.post_message(KeyHintsChanged())

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        if name in VIEWS:
            self._select_view(name)
            self.panel.focus(scroll_visible=False)
            self.remember()

    def action_turn(self, by: int) -> None:
        names = list(VIEWS)
        self.action_turn_to(names[(names.index(self.front) + by) % len(names)])

    def action_step(self, by: int) -> None:
        self._move(SweepList.Moved(self.sweeps.place + by))

    @on(SweepList.Moved)
    def _move(self, message: SweepList.Moved) -> None:
        self.sweeps.select_at(message.place)
        self.update_all()
        self.remember()

    @on(SweepList.Opened)
    def _open_sweep(self) -> None:
        self.panel.focus(scroll_visible=False)

    @on(PlotWidget.Left)
    def _leave_picture(self) -> None:
        if not (self.has_class("-side") or self.has_class("-stacked")):
            self._select_view("table")
        self.table.focus(scroll_visible=False)

    @on(PlotWidget.Changed)
    def _turn_picture(self) -> None:
        plot, view = self.plot.view, self.sweeps.view
        if plot is None:
            return
        other_pair = plot.pair != view.pair
        view.axis, view.brushes, view.log, view.pair = plot.axis, dict(plot.brushes), plot.log, plot.pair
        if other_pair and self.front == "heat":
            self.request_picture()
        self.remember()

    @on(PlotWidget.Brushed)
    def _brush(self, message: PlotWidget.Brushed) -> None:
        self.sweeps.view.brushed = message.where
        self._apply_view()

    def action_clear(self) -> None:
        """Clear brushes and filter in every view."""
        self._clear_brushes()
        if self.sweeps.view.where:
            self.filter_bar.action_clear()

    def _clear_brushes(self) -> None:
        view = self.sweeps.view
        if view.brushes:
            view.brushes, view.brushed = {}, ""
            self.plot.clear_brushes()
            self._apply_view()
            self.request_picture()

    def action_filter(self) -> None:
        if self.sweeps.chosen is not None:
            self.filter_bar.open()

    @on(FilterBar.Changed)
    def _filter(self, message: FilterBar.Changed) -> None:
        self.sweeps.view.where = message.where
        self._apply_view()
        self.request_picture()

    @on(FilterBar.Closed)
    def _leave_filter(self) -> None:
        self.panel.focus(scroll_visible=False)

    def _apply_view(self) -> None:
        self.apply_query()
        self.request_trials()
        self.remember()

    def action_back(self) -> None:
        """Undo the innermost of: groups, brushes, filter, plot; else focus the list."""
        view = self.sweeps.view
        if view.group:
            self._group_by([])
        elif view.brushes:
            self._clear_brushes()
        elif view.where:
            self.filter_bar.action_clear()
        elif self.front != "table":
            self.action_turn_to("table")
        else:
            self.list.focus(scroll_visible=False)

    # --- the table -------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        if self.table.column is not None:
            self.sweeps.sort_by(self.table.column.name)
            self._apply_view()

    def action_group(self) -> None:
        column, names = self.table.column, self.sweeps.groups
        if column is None:
            return
        if column.name in names:
            names.remove(column.name)
        elif column.can_group:
            names.append(column.name)
        else:
            text = f"{column.title} does not make groups: a parameter, the state or the seed does."
            return self.commands.notify(text)
        self._group_by(names)

    def action_seeds(self) -> None:
        self._group_by([] if self.sweeps.groups == ["config"] else ["config"])

    def _group_by(self, names: list[str]) -> None:
        self.sweeps.group_by(names)
        self._apply_view()

    @on(TrialTable.Opened)
    def _open_entry(self) -> None:
        entry = self.table.selected
        if not isinstance(entry, TrialGroup):
            return self.commands.open_trial()
        self.sweeps.filter_by_group(entry)
        self.filter_bar.set_filter(self.sweeps.view.where)
        self._apply_view()
        self.request_picture()

    @on(TrialTable.ColumnsChanged)
    def _keep_columns(self) -> None:
        self.sweeps.view.marked, self.sweeps.view.column = list(self.table.marked), self.table.column_name
        self.remember()

    # --- commands --------------------------------------------------------------------------------------

    def action_command(self, name: str) -> None:
        """Run the command of that name of SweepCommands."""
        getattr(self.commands, name)()

    # --- keys ---------------------------------------------------------------------------------------------

    def action_target(self, scope: str) -> Widget:
        return {"trials": self.table, "axes": self.plot, "sweeps": self.list}.get(scope, self)

    def key_labels(self) -> dict[str, str]:
        """The current labels of some keys, by key id; an empty label hides a key in the footer."""
        sweep, row = self.sweeps.chosen, self.table.trial
        if sweep is None:
            return dict.fromkeys((*_NEED_A_SWEEP, *_NEED_A_TRIAL), "")
        is_running = sweep.status is SweepStatus.RUNNING
        labels = {
            "sweep.pause": "pause" if is_running else "resume" if sweep.status is SweepStatus.PAUSED else "",
            "sweep.stop": "stop" if sweep.status in (SweepStatus.RUNNING, SweepStatus.PAUSED) else "",
            "trials.mark": "unpin column" if self.table.column_name in self.table.marked else "pin column",
            "trials.seeds": "seeds" if len(sweep.spec.seeds) > 1 else "",
            "sweep.clear": "show all" if self.sweeps.view.where or self.sweeps.view.brushes else "",
        }
        if row is None:
            return labels | dict.fromkeys(_NEED_A_TRIAL, "")
        settled = row.status.is_settled and row.status is not TrialStatus.REFUSED
        may_be_pruned = sweep.spec.prune.kind != "none" and not row.status.is_settled
        labels["trials.pin"] = "unpin" if row.pinned else "pin" if may_be_pruned else ""
        labels["trials.stop"] = "" if row.status.is_settled else "stop trial"
        labels["trials.extend"] = "longer" if settled else ""
        place = "open run" if row.lane is None else "failure map"
        labels["trials.open"] = "trials" if self.sweeps.view.group else place
        if self.front == "heat":
            labels |= {"axes.up": "other rows", "axes.right": "other columns"}
        elif self.front != "parallel":
            labels["axes.up"] = ""
        if self.front in ("importance", "best"):
            labels["axes.right"] = ""
        if self.front in ("importance", "heat"):
            labels["axes.log"] = ""
        if self.front != "parallel":
            labels |= dict.fromkeys(("axes.brush", "axes.wider", "axes.narrower"), "")
        return labels

    # --- state -----------------------------------------------------------------------------------------

    def remember(self) -> None:
        """The view has changed: have it saved, and the footer updated."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())

    @on(ViewStateChanged)
    def _save_state(self) -> None:
        """Copy the view into the state of the app."""
        sweeps = self.sweeps
        if sweeps.loaded:
            saved = {"sweep": sweeps.chosen_id, "view": self.front, "of": sweeps.views.saved()}
            self.context.state.views[self.NAME] = saved

    def set_status(self, text: str) -> None:
        self.view_bar.set_note(plain(text, limit=300))
