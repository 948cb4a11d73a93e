"""Base class of the tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.containers import Container
from textual.widget import Widget
from textual.worker import Worker

from tui.data.run_actions import notify_worker_error
from tui.keys import all_keys
from tui.messages import OpenView
from tui.tab.context import TabContext
from tui.tabs import TabName


class Tab(Container):
    """One tab, created when it is first opened and kept until the app exits.

    RunsChanged, SweepsChanged and HistoryChanged are posted to every tab that was created, shown or hidden.
    """

    NAME: ClassVar[TabName]
    """also the name of its scope in the table of keys, whose keys it has"""

    def __init_subclass__(cls, **named: Any) -> None:
        if "NAME" in cls.__dict__:
            cls.BINDINGS = all_keys.bindings(cls.NAME)
        super().__init_subclass__(**named)

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(**widget)
        self.context = context
        self.is_open = False
        """whether it is shown"""
        self._last_focus: Widget | None = None

    @property
    def SCOPE(self) -> TabName:
        return self.NAME

    def key_labels(self) -> Mapping[str, str]:
        """Labels that replace those of the key table, by binding id; an empty label hides the key."""
        return {}

    def action_target(self, scope: str) -> Widget:
        """The widget that runs the action of a key of that scope when it is chosen in the palette."""
        return self

    def refresh_data(self) -> None:
        """Request all data again: the engine was reconnected, anything may have changed."""

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """Open a view of this tab with a selection; see OpenView."""

    @on(OpenView)
    def _open_own_view(self, message: OpenView) -> None:
        if message.tab == self.NAME:
            message.stop()
            self.open_view(message.view, message.selection)

    def activated(self) -> None:
        """The tab was shown."""
        self.is_open = True

    def deactivated(self) -> None:
        """The tab was hidden."""
        self.is_open = False

    def initial_focus(self) -> Widget | None:
        """What gets the focus when the tab is first opened; None: its first focusable widget."""
        return None

    def activate(self) -> None:
        """Show the tab and restore its focus, unless it has the focus."""
        self.display = True
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            self._restore_focus()
        self.activated()

    def _restore_focus(self) -> None:
        target = self._last_focus if self._last_focus is not None else self.initial_focus()
        if target is not None and target.focusable:
            target.focus(scroll_visible=False)
        else:
            self.screen.set_focus(next(iter(w for w in self.screen.focus_chain if self in w.ancestors), None))

    def deactivate(self) -> None:
        """Hide the tab and save its focus."""
        focused = self.screen.focused
        self._last_focus = focused if focused is not None and self in focused.ancestors else None
        self.display = False
        self.deactivated()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        notify_worker_error(self, event)
