"""The XOR tab with its five views."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from engine import catalog
from engine.errors import DltuiError
from tui.keys import all_keys
from tui.messages import HistoryChanged, KeyHintsChanged, RunsChanged, ViewStateChanged
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.plain_text import plain
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice
from tui.xor.runs import XorRuns
from tui.xor.view import XorView

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch

HISTORY_DELAY = 0.33
"""seconds between two updates of a history that grows"""
VIEWS = {
    "hand": ("by hand", "tui.xor.by_hand:HandView"),
    "trained": ("trained", "tui.xor.trained:TrainedView"),
    "ladder": ("architectures", "tui.xor.smallest_loss:SmallestLossView"),
    "map": ("failure map", "tui.xor.failure_map:MapView"),
    "nine": ("experiments", "tui.xor.experiments:ExperimentsView"),
}


class XorTab(Tab):
    """Holds the views; each is created when it is first opened."""

    NAME = "xor"
    BINDINGS = all_keys.bindings("xor")

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self._saved: dict[str, Any] = saved if isinstance(saved, dict) else {}
        self.runs = XorRuns()
        self.bar = ViewBar(
            [(f"xor.{name}", name, title) for name, (title, _) in VIEWS.items()], context.keymap
        )
        self._container = Container(id="xor-views")
        self._views: dict[str, XorView] = {}
        self._front = saved_choice(self._saved, "view", VIEWS, next(iter(VIEWS)))
        self._grown: set[str] = set()
        self._is_open = False

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self._container

    def on_mount(self) -> None:
        self._select_view(self._front)
        self.refresh_data()
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """`opened` for the tab that is in front when the app starts."""
        if self.display and not self._is_open:
            self.activated()

    @property
    def view(self) -> XorView:
        return self._views[self._front]

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        if name in VIEWS:
            self._select_view(name)

    def action_turn(self, by: int) -> None:
        names = list(VIEWS)
        self._select_view(names[(names.index(self._front) + by) % len(names)])

    def _select_view(self, name: str) -> None:
        if self._front in self._views and name != self._front:
            self.view.deactivated()
            self.view.display = False
        self._front = name
        if name not in self._views:
            self._views[name] = self._create(name)
            self._container.mount(self._views[name])
        self.view.display = True
        self.bar.select(name)
        self.bar.set_note("")
        if self._is_open:
            self._open_front()
        self.post_message(KeyHintsChanged())
        self.post_message(ViewStateChanged())

    def _create(self, name: str) -> XorView:
        module, _, kind = VIEWS[name][1].partition(":")
        saved = self._saved.get(name)
        made: XorView = getattr(importlib.import_module(module), kind)(
            self.context, self.runs, saved if isinstance(saved, dict) else {}, id=f"xor-{name}"
        )
        return made

    def activated(self) -> None:
        self._is_open = True
        self._open_front()

    def _open_front(self) -> None:
        """Open the view in front once it is laid out, unless another one is in front by then."""
        view = self.view
        view.focus(scroll_visible=False)

        def open_it() -> None:
            if self._is_open and view is self.view:
                view.activated()

        self.call_after_refresh(open_it)

    def deactivated(self) -> None:
        self._is_open = False
        self.view.deactivated()

    def initial_focus(self) -> Widget | None:
        return self._views.get(self._front)

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    @on(XorView.StatusChanged)
    def _update_status(self, message: XorView.StatusChanged) -> None:
        self.bar.set_note(plain(message.text, limit=300))

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        self._select_view(view)
        self.view.select(selection)

    # --- data ------------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        if self.context.connection.is_connected:
            self.run_worker(self._fetch(), group="xor runs", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        try:
            await self.runs.fetch(self.context.connection.client)
        except DltuiError as error:
            self.bar.set_note(plain(str(error), limit=300))
            return
        self._update_runs()

    @on(RunsChanged)
    def _apply_changes(self, message: RunsChanged) -> None:
        if self.runs.update(message.changed, message.removed):
            self._update_runs()

    def _update_runs(self) -> None:
        if self._is_open:
            self.view.runs_changed()
            self.post_message(KeyHintsChanged())

    @on(HistoryChanged)
    def _queue_history(self, message: HistoryChanged) -> None:
        if self._is_open:
            if not self._grown:
                self.set_timer(HISTORY_DELAY, self._update_histories)
            self._grown.add(message.run)

    def _update_histories(self) -> None:
        grown, self._grown = self._grown, set()
        for run in grown:
            self.view.history_grew(run)

    # --- keys of every view ----------------------------------------------------------------------------

    def action_start(self) -> None:
        self.view.start()

    def action_new(self) -> None:
        from tui.dialogs.launch import launch_screen

        experiment = catalog.find(self.view.EXPERIMENT)
        last = self.context.state.last_params.get(experiment.name, {})
        typed = {name: str(text) for name, text in last.items()}
        self.app.push_screen(launch_screen(experiment, typed), self._launched)

    def _launched(self, launch: Launch | None) -> None:
        if launch is None:
            return
        self.context.state.last_params[launch.experiment] = dict(launch.typed)
        if launch.experiment == "xor":
            self._select_view("trained")
        self.view.submit_launch(launch)

    def key_labels(self) -> Mapping[str, str]:
        return self.view.key_labels() if self._front in self._views else {}

    def action_target(self, scope: str) -> Widget:
        return self.view if scope == self.view.SCOPE else self

    @on(ViewStateChanged)
    def remember(self) -> None:
        """Copy the state of the views into that of the app."""
        saved = {name: view.saved() for name, view in self._views.items()}
        self._saved = {**self._saved, **saved, "view": self._front}
        self.context.state.views[self.NAME] = self._saved
