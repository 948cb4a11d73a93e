"""The base class of the views of the XOR tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.message import Message
from textual.widget import Widget

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import Json, RunSummary
from tui.keys.key import Scope
from tui.messages import KeyHintsChanged, ViewStateChanged
from tui.tab.context import TabContext
from tui.tab.submit import SubmittingView
from tui.xor.runs import XorRuns

LAYOUT_DELAY = 0.05


class XorView(SubmittingView, can_focus=True):
    """A view of the XOR tab. While it is not in front it sends no requests and draws nothing."""

    SCOPE: ClassVar[Scope]
    NAME: ClassVar[str]
    EXPERIMENT: ClassVar[str] = "xor"
    """the experiment of the form for a new run"""

    @dataclass
    class StatusChanged(Message):
        """One line about an error; empty when there is none."""

        text: str

    runs: XorRuns

    def __init__(self, context: TabContext, runs: XorRuns, saved: Mapping[str, Any], **widget: Any) -> None:
        super().__init__(**widget)
        self.context, self.runs = context, runs
        self.saved_before = saved
        self.in_front = False

    @property
    def waits(self) -> str:
        """Why the runs are not loaded yet; empty once they are."""
        return "" if self.runs.is_known else self.context.connection.loading_text

    # --- called by the tab -----------------------------------------------------------------------------

    def activated(self) -> None:
        """The view has come to the front."""
        self.in_front = True
        self.follow()
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay out and draw once all children are mounted, which may be later than the view itself."""
        if not self.in_front:
            return
        if not self.size.width or not all(part.is_mounted for part in self.walk_children(Widget)):
            self.set_timer(LAYOUT_DELAY, self._lay_out)
            return
        self.fit(*self.size)
        self.call_after_refresh(self._update_if_open)

    def deactivated(self) -> None:
        self.in_front = False
        self.context.connection.follow((), subscriber="xor")

    def follow(self) -> None:
        """Have the connection read the histories that the view shows."""

    def update(self) -> None:
        """Draw the current data, and request what is missing."""

    def runs_changed(self) -> None:
        """Some of the runs were changed or removed."""
        self.follow()
        self.update()

    def history_grew(self, run: str) -> None:
        """The history of a followed run has new events."""

    def select(self, selection: Mapping[str, Any]) -> None:
        """Select what another view or tab passes; see OpenView."""

    def start(self) -> None:
        """Start the runs that the view shows and that are missing."""

    def key_labels(self) -> dict[str, str]:
        return {"xor.start": ""}

    def saved(self) -> dict[str, Any]:
        """The state of the view as JSON."""
        return {}

    def fit(self, width: int, height: int) -> None:
        """Set the sizes of the parts."""

    # --- used by the views -----------------------------------------------------------------------------

    def on_resize(self) -> None:
        if self.size.width and self.size.height:  # without padding, as when the view is laid out at first
            self.fit(*self.size)
            self.call_after_refresh(self._update_if_open)

    def _update_if_open(self) -> None:
        if self.in_front:
            self.update()

    def request(self, method: str, on_response: Callable[[Json], None], mark: str, **facts: object) -> None:
        """Send a request to the session and pass its response to `on_response`; of requests with the same
        `mark` only the newest is answered."""
        self.run_worker(self._request(method, on_response, mark, facts), group=mark, exit_on_error=False)

    async def _request(
        self, method: str, on_response: Callable[[Json], None], mark: str, facts: dict[str, object]
    ) -> None:
        try:
            answer = await self.context.session.request(method, newest=mark, **facts)
        except Superseded:
            return
        except DltuiError as error:
            self.set_status(str(error))
            self.request_failed()
            return
        self.set_status("")
        on_response(answer)

    def request_failed(self) -> None:
        """A request has failed and may be sent again."""

    def run_submitted(self, run: RunSummary) -> None:
        self.runs_changed()

    def set_status(self, text: str) -> None:
        self.post_message(self.StatusChanged(text))

    def remember(self) -> None:
        """The state of the view has changed: have it saved, and the footer updated."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())
