"""The layout of the Sweep tab: the list of sweeps, the trials and the plot of one; and its data."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.worker import Worker

from engine.errors import DltuiError, EngineError
from engine.sweep_protocol import SweepSummary, TrialPage, TrialQuery, TrialRow
from tui.data.trial_pages import TrialPages
from tui.messages import KeyHintsChanged, SweepsChanged, ViewStateChanged
from tui.sweeps.brush import combined, readable
from tui.sweeps.brush_line import BrushLine
from tui.sweeps.empty_state import EmptyState
from tui.sweeps.known_sweeps import KnownSweeps
from tui.sweeps.picture import Picture
from tui.sweeps.picture_view import PictureView
from tui.sweeps.saved_view import SavedViews, SweepView
from tui.sweeps.sweep_list import SweepList
from tui.sweeps.text import facts_rows
from tui.sweeps.trial_table import TrialTable
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.debounce import Debounce
from tui.ui.filter_bar import FilterBar
from tui.ui.heading import Heading
from tui.ui.notes import Notes
from tui.ui.pages import PageRequests
from tui.ui.span import Row, Span
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice

Work = Callable[[], Coroutine[None, None, None]]
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


class SweepsView(Tab):
    """Holds the selected sweep and its view, fetches its data, and updates the panels."""

    NAME = "sweep"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.sweeps = KnownSweeps(plain(str(saved.get("sweep", "")), limit=200))
        self.memory = SavedViews(saved.get("of"))
        self.front = saved_choice(saved, "view", VIEWS, "table")
        self.pages = TrialPages(TrialQuery())
        self.view_bar = ViewBar(
            [(f"sweep.{name}", name, title) for name, title in VIEWS.items()], context.keymap
        )
        self.list = SweepList(id="sweep-list")
        self.facts = Notes(id="sweep-facts")
        self.filter_bar = FilterBar(hint=HINT)
        self.brush_line = BrushLine(context.keymap)
        self.heading = Heading(("trials",))
        self.table = TrialTable(self.pages)
        self.table.empty_row = self._empty_row
        self.picture = Picture()
        self.empty_state = EmptyState(context.keymap, id="sweep-invitation")
        self._metrics: dict[str, None] = {}
        self._shown_of = ""
        self._is_open = False
        self._debounce = Debounce(self)
        self._requests = PageRequests(self, self._load_page, "trials")

    def compose(self) -> ComposeResult:
        yield self.view_bar
        yield self.list
        yield self.facts
        yield self.filter_bar
        yield self.brush_line
        with Container(id="sweep-body"):
            yield self.picture
            with Vertical(id="sweep-table"):
                yield self.heading
                yield self.table
        yield self.empty_state

    def on_mount(self) -> None:
        self.add_class("-empty")
        self._update_empty_state()
        self._select_view(self.front)
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """`opened` for the tab that is in front when the app starts."""
        if self.display and not self._is_open:
            self.activated()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width >= SIDE, "-side")
        self.set_class(width < SIDE and height >= STACKED, "-stacked")

    # --- open and close --------------------------------------------------------------------------------

    def activated(self) -> None:
        self._is_open = True
        self.refresh_data()

    def deactivated(self) -> None:
        self._is_open = False
        self._debounce.stop()

    def initial_focus(self) -> Widget:
        return self.panel

    @property
    def panel(self) -> Widget:
        """The widget of the view in front, which gets the focus."""
        if not self.sweeps.all:
            return self.empty_state
        return self.table if self.front == "table" else self.picture

    def on_descendant_focus(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)
        self.post_message(KeyHintsChanged())

    def on_descendant_blur(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)

    def _update_empty_state(self) -> None:
        self.empty_state.set_waiting(
            "" if self.sweeps.loaded else self.context.connection.loading_text.replace("runs", "sweeps")
        )

    def refresh_data(self) -> None:
        """Fetch the sweeps again if there is an engine and the tab is open."""
        self._update_empty_state()
        if self.context.connection.is_connected and self._is_open:
            self._start_worker(self._fetch, "sweeps", exclusive=True)

    def _start_worker(self, work: Work, group: str, *, exclusive: bool = False) -> None:
        _: Worker[None] = self.run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)

    async def _fetch(self) -> None:
        try:
            await self.sweeps.fetch(self.context.connection.client)
        except DltuiError as error:
            self.set_status(str(error))
            return
        self.set_status("")
        self.update_all()

    @on(SweepsChanged)
    def _apply_changes(self, message: SweepsChanged) -> None:
        self.sweeps.update(message.changed, message.removed)
        if not self._is_open:
            return
        chosen = self.sweeps.chosen
        if chosen is None or chosen.id != self._shown_of:
            self.update_all()
            return
        self._update_list()
        if any(sweep.id == chosen.id for sweep in message.changed):
            self._debounce.call("pages", REFETCH, self._expire)
            self._debounce.call("picture", REDRAW, self.request_picture)

    def _expire(self) -> None:
        self.pages.expire()
        self.table.request_missing()

    # --- the selected sweep ----------------------------------------------------------------------------

    @property
    def view(self) -> SweepView:
        """The view of the selected sweep."""
        return self.memory.of(self.sweeps.chosen.id if self.sweeps.chosen is not None else "")

    @property
    def trial(self) -> TrialRow | None:
        """The selected trial; of a group its best."""
        entry = self.table.selected
        return entry if isinstance(entry, TrialRow) else entry.best if entry is not None else None

    def select_sweep(self, sweep_id: str) -> None:
        self.sweeps.select(sweep_id)
        self.update_all()
        self.remember()

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
        if self._is_open and len(self.app.screen_stack) == 1:
            self.panel.focus(scroll_visible=False)

    def _update_list(self) -> None:
        self.list.update(self.sweeps.all, self.sweeps.place)
        chosen = self.sweeps.chosen
        self.facts.update(lambda width: facts_rows(chosen, width) if chosen is not None else ())
        self.post_message(KeyHintsChanged())

    def _show_sweep(self, sweep: SweepSummary) -> None:
        """Show another sweep with its saved view."""
        self._shown_of = sweep.id
        view = self.view
        self._metrics = {}
        self.filter_bar.set_filter(view.where)
        self.table.marked = list(view.marked)
        self.table.column_name = view.column
        self.apply_query()
        self.picture.set_view(self.kind, self._picture_view(sweep, view))
        self.request_trials()
        if view.trial and not view.group:
            self.table.select(view.trial)

    def _picture_view(self, sweep: SweepSummary, view: SweepView) -> PictureView:
        return PictureView(sweep.spec, view.axis, view.brushes, view.log, view.pair, view.trial)

    @property
    def kind(self) -> str:
        """The kind of the plot, also while only the table is shown."""
        return self.front if self.front != "table" else "parallel"

    def apply_query(self) -> None:
        """Apply a changed filter, order or grouping to the table."""
        chosen, view = self.sweeps.chosen, self.view
        if chosen is None:
            return
        sort = view.sort if view.sort else "trial"
        query = TrialQuery(combined(view.where, view.brushed), sort, view.descending, 0, 200, view.group)
        self.pages.set_sweep(chosen.id, query)
        self.table.set_columns(chosen.spec, self._metrics)
        self._update_counts()

    def request_trials(self) -> None:
        """Request the visible trials."""
        first, last = self.table.visible_rows
        self._request_pages(TrialTable.Missing(self.pages.missing(first, max(first, last))))

    @on(TrialTable.Missing)
    def _request_pages(self, message: TrialTable.Missing) -> None:
        if self.context.connection.is_connected:
            for query in message.queries:
                self._requests.add((self.pages.sweep, query))

    async def _load_page(self, request: tuple[str, TrialQuery]) -> None:
        sweep, query = request
        try:
            self._show_page(sweep, query, await self.context.connection.client.sweep_trials(sweep, query))
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            await self._show_filter_error(sweep, str(error))

    async def _show_filter_error(self, sweep: str, error: str) -> None:
        """Show the error of the filter as it was typed, without the brushes."""
        if self.view.brushed and self.view.where:
            try:
                await self.context.connection.client.sweep_trials(sweep, TrialQuery(self.view.where, limit=1))
            except DltuiError as typed_error:
                error = str(typed_error)
        self.filter_bar.display = True
        self.filter_bar.set_note(error.removeprefix("Filter, "), is_error=True)

    def _show_page(self, sweep: str, query: TrialQuery, page: TrialPage) -> None:
        self.pages.put(sweep, query, page)
        chosen = self.sweeps.chosen
        known = dict.fromkeys(name for row in page.rows[:20] for name in row.metrics)
        if chosen is not None and (new := self._metrics | known) != self._metrics:
            self._metrics = new
            self.table.set_columns(chosen.spec, self._metrics)
        self._update_counts()
        self.table.pages_changed()

    def _update_counts(self) -> None:
        pages = self.pages
        where, group = pages.query.where, pages.query.group
        text = f"{pages.matching:,} of {pages.total:,}" if where else f"{pages.total:,}"
        if group:
            text = f"{pages.matching:,} group{'s' * (pages.matching != 1)}, {pages.total:,} trials in all"
        self.heading.set_note(Span(text, "muted"))
        metric = self.sweeps.chosen.spec.metric if self.sweeps.chosen is not None else ""
        self.brush_line.update(readable(self.view.brushed, metric), text if pages.loaded else "")
        if pages.loaded:
            self.filter_bar.set_note(f"{pages.matching:,} of {pages.total:,}" if where else "")

    def _empty_row(self) -> Row:
        if not self.pages.loaded:
            return ()
        if not self.pages.query.where:
            return (Span("   no trial has started yet", "muted"),)
        key = self.context.keymap.shown("sweep.clear", ascii_only=glyphs().ascii_only)
        return (Span("   no trial passes", "muted"), Span(f"   {key}", "key"), Span(" shows all", "muted"))

    @on(TrialTable.Selected)
    def _select(self) -> None:
        row = self.trial
        if row is not None and self.pages.loaded:
            self.view.trial = row.trial
            self._debounce.call("point", CURSOR_DELAY, self._point)
            self.remember()

    def _point(self) -> None:
        if self.front != "table":
            self.picture.point_at(self.view.trial)

    # --- the plot --------------------------------------------------------------------------------------

    def request_picture(self) -> None:
        """Request the analysis that the plot is drawn from, while it is visible."""
        chosen = self.sweeps.chosen
        if (
            self.front == "table"
            or chosen is None
            or not self._is_open
            or not self.context.connection.is_connected
        ):
            return
        if self.picture.view is None:
            self.picture.set_view(self.kind, self._picture_view(chosen, self.view))
        pair = dict(zip("xy", self.picture.pair, strict=True)) if self.kind == "heat" else {}
        if self.kind == "heat" and not all(pair.values()):
            self.picture.set_error("A heat map needs two axes; this sweep has one.")
            return
        work = partial(self._load_picture, chosen.id, self.kind, pair)
        self._start_worker(work, "picture", exclusive=True)

    async def _load_picture(self, sweep: str, kind: str, pair: dict[str, str]) -> None:
        """Parallel coordinates also draw the trials outside the brushes; all other plots leave them out."""
        view = self.view
        where = view.where if kind == "parallel" else combined(view.where, view.brushed)
        try:
            answer = await self.context.connection.client.sweep_analysis(sweep, kind, where, **pair)
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            self.picture.set_error(str(error))
            return
        if sweep == self._shown_of:
            self.picture.set_answer(kind, answer, is_filtered=bool(where))
            self._update_brushed()

    def _update_brushed(self) -> None:
        """Update the filter of the brushes: the range of an axis may have grown."""
        brushed = self.picture.brushed
        if self.picture.kind == "parallel" and brushed != self.view.brushed:
            self.view.brushed = brushed
            self.apply_query()
            self.request_trials()

    def _select_view(self, name: str) -> None:
        self.front = name
        self.set_class(name == "table", "-table")
        self.view_bar.select(name)
        chosen = self.sweeps.chosen
        if name != "table":
            self.picture.set_view(name, self._picture_view(chosen, self.view) if chosen is not None else None)
            self.request_picture()
        self.post_message(KeyHintsChanged())

    # --- state -----------------------------------------------------------------------------------------

    def remember(self) -> None:
        """The view has changed: have it saved, and the footer updated."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())

    @on(ViewStateChanged)
    def _save_state(self) -> None:
        """Copy the view into the state of the app."""
        chosen = self.sweeps.chosen
        if self.sweeps.loaded:
            self.context.state.views[self.NAME] = {
                "sweep": chosen.id if chosen is not None else "", "view": self.front,
                "of": self.memory.saved(),
            }  # fmt: skip

    def set_status(self, text: str) -> None:
        self.view_bar.set_note(plain(text, limit=300))
