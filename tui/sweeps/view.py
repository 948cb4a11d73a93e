"""The sweeps on the screen: their list, the trials of one, and the picture of it."""

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
from tui.sweeps.brush import both, in_words
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
from tui.ui.span import Row, Span
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice

Work = Callable[[], Coroutine[None, None, None]]
VIEWS = {
    "table": "table", "parallel": "parallel", "importance": "importance", "slice": "slices",
    "best": "best so far", "heat": "heat map",
}  # fmt: skip
REFETCH = 0.5
"""seconds between two looks at trials that move"""
REDRAW = 1.0
CALM = 0.12
"""seconds the cursor moves on before the picture points at the trial"""
SIDE, STACKED = 150, 34
"""columns, or lines, from which on the picture and the table are seen together"""
HINT = "val_loss<0.1 and lr>=0.01, or plain words"


class SweepsView(Tab):
    """Knows what is chosen and how it is looked at; its panels know how to draw it."""

    NAME = "sweep"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.sweeps = KnownSweeps(plain(str(saved.get("sweep", "")), limit=200))
        self.memory = SavedViews(saved.get("of"))
        self.front = saved_choice(saved, "view", VIEWS, "table")
        self.pages = TrialPages(TrialQuery())
        self.bar = ViewBar([(f"sweep.{name}", name, title) for name, title in VIEWS.items()], context.keymap)
        self.list = SweepList(id="sweep-list")
        self.facts = Notes(id="sweep-facts")
        self.filter_bar = FilterBar(hint=HINT)
        self.narrowing = BrushLine(context.keymap)
        self.heading = Heading(("trials",))
        self.table = TrialTable(self.pages)
        self.picture = Picture()
        self.invitation = EmptyState(context.keymap, id="sweep-invitation")
        self._metrics: dict[str, None] = {}
        self._shown_of = ""
        self._is_open = False
        self._later = Debounce(self)
        self._asked: dict[TrialQuery, int] = {}

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.list
        yield self.facts
        yield self.filter_bar
        yield self.narrowing
        with Container(id="sweep-body"):
            yield self.picture
            with Vertical(id="sweep-table"):
                yield self.heading
                yield self.table
        yield self.invitation

    def on_mount(self) -> None:
        self.add_class("-empty")
        self._say_what_is_missing()
        self._turn_to(self.front)
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """A tab that the app begins with has not come from anywhere."""
        if self.display and not self._is_open:
            self.activated()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width >= SIDE, "-side")
        self.set_class(width < SIDE and height >= STACKED, "-stacked")

    # --- coming and going ------------------------------------------------------------------------------

    def activated(self) -> None:
        self._is_open = True
        self.refresh_data()

    def deactivated(self) -> None:
        self._is_open = False
        self._later.stop()

    def initial_focus(self) -> Widget:
        return self.panel

    @property
    def panel(self) -> Widget:
        """What has the keys of the view in front."""
        if not self.sweeps.all:
            return self.invitation
        return self.table if self.front == "table" else self.picture

    def on_descendant_focus(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)
        self.post_message(KeyHintsChanged())

    def on_descendant_blur(self) -> None:
        self.heading.set_highlighted(self.table.has_focus)

    def _say_what_is_missing(self) -> None:
        self.invitation.wait_for(
            "" if self.sweeps.loaded else self.context.connection.loading_text.replace("runs", "sweeps")
        )

    def refresh_data(self) -> None:
        """The engine answers, perhaps again; out of sight nothing is asked."""
        self._say_what_is_missing()
        if self.context.connection.is_connected and self._is_open:
            self._begin_work(self._fetch, "sweeps", exclusive=True)

    def _begin_work(self, work: Work, group: str, *, exclusive: bool = False) -> None:
        _: Worker[None] = self.run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)

    async def _fetch(self) -> None:
        try:
            await self.sweeps.fetch(self.context.connection.client)
        except DltuiError as error:
            self.say(str(error))
            return
        self.say("")
        self.show_all()

    @on(SweepsChanged)
    def _take_changes(self, message: SweepsChanged) -> None:
        self.sweeps.update(message.changed, message.removed)
        if not self._is_open:
            return
        chosen = self.sweeps.chosen
        if chosen is None or chosen.id != self._shown_of:
            self.show_all()
            return
        self._show_list()
        if any(sweep.id == chosen.id for sweep in message.changed):
            self._later.call("pages", REFETCH, self._expire)
            self._later.call("picture", REDRAW, self.ask_picture)

    def _expire(self) -> None:
        self.pages.expire()
        self.table.ask_for_missing()

    # --- the chosen sweep ------------------------------------------------------------------------------

    @property
    def view(self) -> SweepView:
        """How the chosen sweep is looked at."""
        return self.memory.of(self.sweeps.chosen.id if self.sweeps.chosen is not None else "")

    @property
    def trial(self) -> TrialRow | None:
        """The selected one; of a group its best."""
        entry = self.table.selected
        return entry if isinstance(entry, TrialRow) else entry.best if entry is not None else None

    def choose(self, sweep_id: str) -> None:
        self.sweeps.choose(sweep_id)
        self.show_all()
        self.remember()

    def show_all(self) -> None:
        """The list, and everything about the chosen sweep, from what is known now."""
        chosen = self.sweeps.chosen
        had_focus = self._has_focus or not self._shown_of
        self.set_class(chosen is None, "-empty")
        self._say_what_is_missing()
        self._show_list()
        if chosen is not None and chosen.id != self._shown_of:
            self._begin(chosen)
        elif chosen is not None:
            self._expire()
        self.ask_picture()
        if had_focus or self.screen.focused is None:
            self.call_after_refresh(self._focus_panel)

    @property
    def _has_focus(self) -> bool:
        """On something that may just have gone out of sight."""
        focused = self.screen.focused
        return focused is not None and self in focused.ancestors and not focused.is_on_screen

    def _focus_panel(self) -> None:
        if self._is_open and len(self.app.screen_stack) == 1:
            self.panel.focus(scroll_visible=False)

    def _show_list(self) -> None:
        self.list.show(self.sweeps.all, self.sweeps.place)
        chosen = self.sweeps.chosen
        self.facts.update(lambda width: facts_rows(chosen, width) if chosen is not None else ())
        self.post_message(KeyHintsChanged())

    def _begin(self, sweep: SweepSummary) -> None:
        """Another sweep is looked at, in its own way."""
        self._shown_of = sweep.id
        view = self.view
        self._metrics = {}
        self.filter_bar.set_filter(view.where)
        self.table.marked = list(view.marked)
        self.table.column_name = view.column
        self.look_again()
        self.picture.show(self.kind, self._look(sweep, view))
        self.ask_trials()
        if view.trial and not view.group:
            self.table.select(view.trial)

    def _look(self, sweep: SweepSummary, view: SweepView) -> PictureView:
        return PictureView(sweep.spec, view.axis, view.brushes, view.log, view.pair, view.trial)

    @property
    def kind(self) -> str:
        """Of the picture, also while the table is alone."""
        return self.front if self.front != "table" else "parallel"

    def look_again(self) -> None:
        """The filter, the order or the groups are others."""
        chosen, view = self.sweeps.chosen, self.view
        if chosen is None:
            return
        sort = view.sort if view.sort else "trial"
        query = TrialQuery(both(view.where, view.brushed), sort, view.descending, 0, 200, view.group)
        self.pages.set_query(chosen.id, query)
        self.table.set_columns(chosen.spec, self._metrics)
        self._say_counts()

    def ask_trials(self) -> None:
        """From the first one in sight on."""
        first, last = self.table.seen
        self._ask_pages(TrialTable.Missing(self.pages.missing(first, max(first, last))))

    @on(TrialTable.Missing)
    def _ask_pages(self, message: TrialTable.Missing) -> None:
        if not self.context.connection.is_connected:
            return
        for query in message.queries:
            if query not in self._asked:
                self._begin_work(partial(self._take, self.pages.sweep, query), "trials")
            self._asked[query] = self._asked.get(query, 0) + 1

    async def _take(self, sweep: str, query: TrialQuery) -> None:
        """Once more when it was asked for meanwhile: what comes may be from before the change."""
        try:
            while self._asked.get(query, 0):
                self._asked[query] = 0
                self._show_page(sweep, query, await self.context.connection.client.sweep_trials(sweep, query))
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            await self._complain(sweep, str(error))
        finally:
            self._asked.pop(query, None)

    async def _complain(self, sweep: str, words: str) -> None:
        """About what was typed, as it was typed, without the brushes."""
        if self.view.brushed and self.view.where:
            try:
                await self.context.connection.client.sweep_trials(sweep, TrialQuery(self.view.where, limit=1))
            except DltuiError as error:
                words = str(error)
        self.filter_bar.display = True
        self.filter_bar.note.update(words.removeprefix("Filter, "), is_error=True)

    def _show_page(self, sweep: str, query: TrialQuery, page: TrialPage) -> None:
        self.pages.put(sweep, query, page)
        chosen = self.sweeps.chosen
        known = dict.fromkeys(name for row in page.rows[:20] for name in row.metrics)
        if chosen is not None and (new := self._metrics | known) != self._metrics:
            self._metrics = new
            self.table.set_columns(chosen.spec, self._metrics)
        self._say_counts()
        self.table.pages_changed()

    def _say_counts(self) -> None:
        pages = self.pages
        where, group = pages.query.where, pages.query.group
        words = f"{pages.matching:,} of {pages.total:,}" if where else f"{pages.total:,}"
        if group:
            words = f"{pages.matching:,} group{'s' * (pages.matching != 1)}, {pages.total:,} trials in all"
        self.heading.set_note(Span(words, "muted"))
        metric = self.sweeps.chosen.spec.metric if self.sweeps.chosen is not None else ""
        self.narrowing.show(in_words(self.view.brushed, metric), words if pages.loaded else "")
        if pages.loaded:
            self.filter_bar.note.update(f"{pages.matching:,} of {pages.total:,}" if where else "")
        self.table.say_when_empty(self._empty_words() if pages.loaded else ())

    def _empty_words(self) -> Row:
        if not self.pages.query.where:
            return (Span("   no trial has started yet", "muted"),)
        key = self.context.keymap.shown("sweep.clear", ascii_only=glyphs().ascii_only)
        return (Span("   no trial passes", "muted"), Span(f"   {key}", "key"), Span(" shows all", "muted"))

    @on(TrialTable.Selected)
    def _select(self) -> None:
        row = self.trial
        if row is not None and self.pages.loaded:
            self.view.trial = row.trial
            self._later.call("point", CALM, self._point)
            self.remember()

    def _point(self) -> None:
        if self.front != "table":
            self.picture.point_at(self.view.trial)

    # --- the picture -----------------------------------------------------------------------------------

    def ask_picture(self) -> None:
        """What it is drawn from, while it is in sight."""
        chosen = self.sweeps.chosen
        if (
            self.front == "table"
            or chosen is None
            or not self._is_open
            or not self.context.connection.is_connected
        ):
            return
        if self.picture.look is None:
            self.picture.show(self.kind, self._look(chosen, self.view))
        pair = dict(zip("xy", self.picture.pair, strict=True)) if self.kind == "heat" else {}
        if self.kind == "heat" and not all(pair.values()):
            self.picture.say("A heat map needs two axes; this sweep has one.")
            return
        work = partial(self._take_picture, chosen.id, self.kind, pair)
        self._begin_work(work, "picture", exclusive=True)

    async def _take_picture(self, sweep: str, kind: str, pair: dict[str, str]) -> None:
        """Parallel axes show what is brushed away as well; all others leave it out."""
        view = self.view
        where = view.where if kind == "parallel" else both(view.where, view.brushed)
        try:
            answer = await self.context.connection.client.sweep_analysis(sweep, kind, where, **pair)
        except EngineError:
            return  # the banner says so, and everything is asked again
        except DltuiError as error:
            self.picture.say(str(error))
            return
        if sweep == self._shown_of:
            self.picture.take(kind, answer, narrowed=bool(where))
            self._brush_again()

    def _brush_again(self) -> None:
        """An axis may have become longer: the same part of it is another filter."""
        brushed = self.picture.brushed
        if self.picture.kind == "parallel" and brushed != self.view.brushed:
            self.view.brushed = brushed
            self.look_again()
            self.ask_trials()

    def _turn_to(self, name: str) -> None:
        self.front = name
        self.set_class(name == "table", "-table")
        self.bar.select(name)
        chosen = self.sweeps.chosen
        if name != "table":
            self.picture.show(name, self._look(chosen, self.view) if chosen is not None else None)
            self.ask_picture()
        self.post_message(KeyHintsChanged())

    # --- what is remembered ----------------------------------------------------------------------------

    def remember(self) -> None:
        """How it is looked at has changed."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())

    @on(ViewStateChanged)
    def _write_down(self) -> None:
        """Into the state that the app saves."""
        chosen = self.sweeps.chosen
        if self.sweeps.loaded:
            self.context.state.views[self.NAME] = {
                "sweep": chosen.id if chosen is not None else "", "view": self.front,
                "of": self.memory.saved(),
            }  # fmt: skip

    def say(self, words: str) -> None:
        self.bar.set_note(plain(words, limit=300))
