"""What the views of the XOR tab have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
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

SETTLE = 0.05


class XorView(SubmittingView, can_focus=True):
    """One way to look at XOR. Out of sight it asks nothing and draws nothing."""

    SCOPE: ClassVar[Scope]
    NAME: ClassVar[str]
    EXPERIMENT: ClassVar[str] = "xor"
    """what the form for a new run is about"""

    @dataclass
    class Said(Message):
        """One line about how things stand; empty when all is well."""

        words: str

    runs: XorRuns

    def __init__(self, context: TabContext, runs: XorRuns, saved: Mapping[str, Any], **widget: Any) -> None:
        super().__init__(**widget)
        self.context, self.runs = context, runs
        self.saved_before = saved
        self.in_front = False

    @property
    def waits(self) -> str:
        """What it waits for while the runs are not known; empty once they are."""
        return "" if self.runs.is_known else self.context.connection.loading_text

    # --- what the tab tells ----------------------------------------------------------------------------

    def activated(self) -> None:
        """In sight, perhaps again."""
        self.in_front = True
        self.follow()
        self._settle()

    def _settle(self) -> None:
        """Lay out and draw once all parts are there: on a busy machine they come later than the view."""
        if not self.in_front:
            return
        if not self.size.width or not all(part.is_mounted for part in self.walk_children(Widget)):
            self.set_timer(SETTLE, self._settle)
            return
        self.fit(*self.size)
        self.call_after_refresh(self._show_if_seen)

    def deactivated(self) -> None:
        self.in_front = False
        self.context.connection.follow((), subscriber="xor")

    def follow(self) -> None:
        """Ask the river for the stories it shows."""

    def show(self) -> None:
        """Draw what is known now."""

    def runs_changed(self) -> None:
        """Some of the runs are not what they were."""
        self.follow()
        self.show()

    def story_grew(self, run: str) -> None:
        """A run that is followed has told more."""

    def take(self, facts: Mapping[str, Any]) -> None:
        """What another view hands over."""

    def start(self) -> None:
        """Start what it shows, where that is missing."""

    def key_labels(self) -> dict[str, str]:
        return {"xor.start": ""}

    def saved(self) -> dict[str, Any]:
        """What to remember for the next time."""
        return {}

    def fit(self, width: int, height: int) -> None:
        """Divide the room."""

    # --- what the views do -----------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width and event.size.height:
            self.fit(event.size.width, event.size.height)
            self.call_after_refresh(self._show_if_seen)

    def _show_if_seen(self) -> None:
        if self.in_front:
            self.show()

    def ask(self, word: str, take: Callable[[Json], None], mark: str, **facts: object) -> None:
        """Have the session answer; of questions with the same mark only the newest matters."""
        self.run_worker(self._answer(word, take, mark, facts), group=mark, exit_on_error=False)

    async def _answer(
        self, word: str, take: Callable[[Json], None], mark: str, facts: dict[str, object]
    ) -> None:
        try:
            answer = await self.context.session.request(word, newest=mark, **facts)
        except Superseded:
            return
        except DltuiError as error:
            self.say(str(error))
            self.unanswered()
            return
        self.say("")
        take(answer)

    def unanswered(self) -> None:
        """A question had no answer: what it was about may be asked again."""

    def run_submitted(self, run: RunSummary) -> None:
        self.runs_changed()

    def say(self, words: str) -> None:
        self.post_message(self.Said(words))

    def remember(self) -> None:
        """How it is looked at has changed."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())
