"""What the app expects of a tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.containers import Container
from textual.widget import Widget
from textual.worker import Worker

from tui.data.actions import report
from tui.messages import OpenView
from tui.tab.context import TabContext
from tui.tabs import TabName


class Tab(Container):
    """One tab. It is made when it is first opened, and lives as long as the app.

    RunsChanged and CurvesGrew are posted to every tab that was made, in front or not.
    """

    NAME: ClassVar[TabName]
    """also the name of its scope in the table of keys"""

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(**widget)
        self.context = context
        self._last_focus: Widget | None = None

    @property
    def SCOPE(self) -> TabName:
        return self.NAME

    def labels(self) -> Mapping[str, str]:
        """What some keys do now, by their id; an empty label leaves the key out of the footer."""
        return {}

    def actor(self, scope: str) -> Widget:
        """Which widget acts for a key of that scope when it is chosen in the palette."""
        return self

    def refetch(self) -> None:
        """The engine answers, perhaps again: everything may have changed."""

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """A view of this tab, with something selected in it; see OpenView."""

    @on(OpenView)
    def _open_own_view(self, message: OpenView) -> None:
        if message.tab == self.NAME:
            message.stop()
            self.open_view(message.view, message.selection)

    def opened(self) -> None:
        """It has come to the front."""

    def closed(self) -> None:
        """Another tab has come to the front."""

    def first_focus(self) -> Widget | None:
        """What has the focus when it is opened for the first time; None: the first that can."""
        return None

    def come(self) -> None:
        """To the front, with the focus where it was."""
        self.display = True
        wanted = self._last_focus if self._last_focus is not None else self.first_focus()
        if wanted is not None and wanted.focusable:
            wanted.focus(scroll_visible=False)
        else:
            self.screen.set_focus(next(iter(w for w in self.screen.focus_chain if self in w.ancestors), None))
        self.opened()

    def go(self) -> None:
        """Out of sight."""
        focused = self.screen.focused
        self._last_focus = focused if focused is not None and self in focused.ancestors else None
        self.display = False
        self.closed()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report(self, event)
