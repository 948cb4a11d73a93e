"""A tab that shows one of several views of the runs of some experiments."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from engine.errors import DltuiError
from engine.protocol import RunSummary
from tui.data.newest_runs import RunList
from tui.messages import HistoryChanged, KeyHintsChanged, RunsChanged, ViewStateChanged
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.tab.view import View
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice

HISTORY_DELAY = 0.33
"""least time in seconds between two updates of a history that grows"""


class ViewEntry(NamedTuple):
    title: str
    place: str
    """module:class, imported when the view is first opened"""
    opened_from: str = ""
    """the view from which it is opened, where it is not in the bar"""


class ViewsTab(Tab):
    """Switches between views; each is created when it is first opened and keeps its state."""

    VIEWS: ClassVar[Mapping[str, ViewEntry]]
    """the views by name; the key of each in the table of keys is TAB.NAME"""
    RUNS: ClassVar[Mapping[str, int]] = {}
    """experiment -> how many of its newest runs the views show"""

    def __init__(self, context: TabContext, runs: RunList | None = None, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.saved: dict[str, Any] = saved if isinstance(saved, dict) else {}
        self.runs = RunList(self.RUNS) if runs is None else runs
        self.in_bar = [name for name, entry in self.VIEWS.items() if not entry.opened_from]
        self.bar = ViewBar(
            [(f"{self.NAME}.{name}", name, self.VIEWS[name].title) for name in self.in_bar], context.keymap
        )
        self._container = Container(id=f"{self.NAME}-views")
        self._views: dict[str, View] = {}
        self.front = saved_choice(self.saved, "view", self.in_bar, self.in_bar[0])
        self._note = ""
        """note of the view in front"""
        self._grown: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self._container

    def on_mount(self) -> None:
        self.select_view(self.front)
        self.refresh_data()

    # --- views -----------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        return self._views[self.front]

    @property
    def front_in_bar(self) -> str:
        """The view in front, or the one in the bar from which it was opened."""
        return self.VIEWS[self.front].opened_from or self.front

    def action_turn_to(self, name: str) -> None:
        if name in self.in_bar:
            self.select_view(name)

    def action_turn(self, by: int) -> None:
        place = self.in_bar.index(self.front_in_bar)
        self.select_view(self.in_bar[(place + by) % len(self.in_bar)])

    def select_view(self, name: str) -> None:
        if self.front in self._views and name != self.front:
            self.view_left(name)
            self.view.deactivated()
            self.view.display = False
        self.front = name
        if name not in self._views:
            self._views[name] = self._create(name)
            self._container.mount(self._views[name])
        self.view.display = True
        self.bar.select(self.front_in_bar)
        self.update_note("")
        if self.is_open:
            self._open_front()
        self.post_message(KeyHintsChanged())
        self.post_message(ViewStateChanged())

    def view_left(self, name: str) -> None:
        """Called before the view in front is hidden for the view `name`."""

    def _create(self, name: str) -> View:
        module, _, kind = self.VIEWS[name].place.partition(":")
        saved = self.saved.get(name)
        view: View = getattr(importlib.import_module(module), kind)(
            self.context, self.runs, saved if isinstance(saved, dict) else {}, id=f"{self.NAME}-{name}"
        )
        return view

    def activated(self) -> None:
        super().activated()
        self._open_front()

    def _open_front(self) -> None:
        """Open the view in front once it is laid out, unless another one is in front by then."""
        view = self.view
        view.focus(scroll_visible=False)

        def open_it() -> None:
            if self.is_open and view is self.view:
                view.activated()

        self.call_after_refresh(open_it)

    def deactivated(self) -> None:
        super().deactivated()
        self.view.deactivated()

    def initial_focus(self) -> Widget | None:
        return self._views.get(self.front)

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    @on(View.NoteChanged)
    def _note_changed(self, message: View.NoteChanged) -> None:
        self.update_note(message.text)

    def update_note(self, note: str) -> None:
        self._note = note
        self.bar.set_note(plain(self.shown_note(note), limit=300))

    def shown_note(self, note: str) -> str:
        """What the bar shows for a note of the view in front."""
        return note

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        self.select_view(view or self.front)
        if selection:
            self.view.select(selection)

    # --- runs ------------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        if self.context.connection.is_connected:
            start_worker(self, self._fetch, group=f"{self.NAME} runs", exclusive=True)

    async def _fetch(self) -> None:
        try:
            await self.runs.fetch(self.context.connection.client)
        except DltuiError as error:
            self.bar.set_note(plain(str(error), limit=300))
            return
        self.update_runs()

    @on(RunsChanged)
    def _runs_changed(self, message: RunsChanged) -> None:
        if self.runs.update(message.changed, message.removed):
            self.update_runs()

    def update_runs(self) -> None:
        """Some of the runs have changed, or another one is chosen."""
        if self.is_open:
            self.view.runs_changed()
            self.update_note(self._note)
            self.post_message(KeyHintsChanged())

    @on(HistoryChanged)
    def _queue_history(self, message: HistoryChanged) -> None:
        if self.is_open:
            if not self._grown:
                self.set_timer(HISTORY_DELAY, self._update_histories)
            self._grown.add(message.run)

    def _update_histories(self) -> None:
        grown, self._grown = self._grown, set()
        if self.is_open:
            for run in grown:
                self.view.history_grew(run)
            self.post_message(KeyHintsChanged())

    # --- keys of every view ----------------------------------------------------------------------------

    def action_start(self) -> None:
        self.view.start()

    def action_new(self) -> None:
        from tui.dialogs.form_dialog import open_launch_form

        open_launch_form(self, self.view.EXPERIMENT, self.launched)

    def launched(self, run: RunSummary) -> str:
        """Show the new run of the launch form. Returns a notification."""
        return self.view.launched(run)

    def key_labels(self) -> Mapping[str, str]:
        return self.view.key_labels() if self.front in self._views else {}

    def action_target(self, scope: str) -> Widget:
        return self.view if scope == self.view.SCOPE else self

    # --- state -----------------------------------------------------------------------------------------

    @on(ViewStateChanged)
    def _save_state(self) -> None:
        """Copy the state of the views into that of the app."""
        saved = {name: view.saved() for name, view in self._views.items()}
        self.saved = {**self.saved, **saved, "view": self.front_in_bar, **self.own_state()}
        self.context.state.views[self.NAME] = self.saved

    def own_state(self) -> dict[str, Any]:
        """What is saved besides the states of the views, as JSON."""
        return {}
