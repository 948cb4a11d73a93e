"""What the views of the MNIST tab have in common."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import Worker

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import Json, RunSummary
from tui.drawings.image_canvas import ImageCanvas
from tui.drawings.image_widget import ImageWidget
from tui.keys.key import Scope
from tui.messages import KeyHintsChanged, ViewStateChanged
from tui.mnist.mosaic import Image
from tui.mnist.recipes import NetworkRecipe
from tui.mnist.runs import MnistRuns
from tui.tab.context import TabContext
from tui.tab.submit import SubmittingView
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    pass

Take = Callable[[Json], None]
Work = Callable[[], Coroutine[None, None, None]]
FOLDER = re.compile(r"\S*/checkpoints/")
"""of a run, which is named elsewhere on the screen"""


class MnistView(SubmittingView, can_focus=True):
    """One way to look at the digits. Out of sight it asks nothing and draws nothing."""

    SCOPE: ClassVar[Scope]
    KEPT: ClassVar[tuple[str, ...]] = ()
    """marks of streams that go on while the view is out of sight: what they have computed is not lost"""

    @dataclass
    class Said(Message):
        """One line about how things stand; empty when all is well."""

        words: str

    runs: MnistRuns

    def __init__(self, context: TabContext, runs: MnistRuns, saved: Mapping[str, Any], **widget: Any) -> None:
        super().__init__(**widget)
        self.context, self.runs = context, runs
        self.saved_before = saved
        self.in_front = False
        self.image_widget = ImageWidget()
        self.trouble = ""
        self._streams: dict[str, Worker[None]] = {}

    def compose(self) -> ComposeResult:
        yield self.image_widget

    @property
    def run_shown(self) -> RunSummary | None:
        return self.runs.shown

    @property
    def run_id(self) -> str:
        """Of the run that is looked at; empty while there is none with weights."""
        run = self.run_shown
        return run.id if run is not None and run.checkpoint_step else ""

    @property
    def reads(self) -> bool:
        """Whether a network is on the screen, which then stays there."""
        return bool(self.run_id)

    def run_meant(self) -> tuple[str, RunSummary | None] | None:
        """What the cursor is on, by name and by its run; None for a view without such a cursor."""
        return None

    @property
    def waits(self) -> str:
        """What it waits for while the runs are not known; empty once they are."""
        return "" if self.runs.is_known else self.context.connection.loading_text

    # --- what the tab tells ----------------------------------------------------------------------------

    def activated(self) -> None:
        """In sight, perhaps again."""
        self.in_front = True
        self.look()
        self.show()

    def deactivated(self) -> None:
        self.in_front = False
        for mark in [mark for mark in self._streams if mark not in self.KEPT]:
            self._streams.pop(mark).cancel()

    def look(self) -> None:
        """Ask for what is not known yet."""

    def show(self) -> None:
        """Draw what is known now."""
        run = self.run_shown
        if self.in_front and self.reads and run is not None:
            self.runs.hold(run)
        self.image_widget.update(self._painted)

    def _painted(self, canvas: ImageCanvas) -> None:
        self.paint(canvas)
        if self.trouble:
            self.paint_trouble(canvas)

    def paint_trouble(self, canvas: ImageCanvas) -> None:
        """What went wrong, whole: below all else."""
        width = canvas.width - 4
        lines = min(len(textwrap.wrap(self.trouble, max(10, width))), canvas.height)
        canvas.write_wrapped(2, canvas.height - lines, self.trouble, width, lines, "warn")

    def paint(self, canvas: ImageCanvas) -> None:
        """In the size at hand."""

    def runs_changed(self) -> None:
        """Some of the runs are not what they were."""
        self.look()
        self.show()

    def story_grew(self, run: str) -> None:
        """A run that is followed has told more."""

    def take(self, facts: Mapping[str, Any]) -> None:
        """What another view hands over."""

    def failed(self, mark: str) -> None:
        """What was asked under that mark was not answered."""

    def start(self) -> None:
        """Train double_conv, with which every view has something to show."""
        self.submit_recipes(NetworkRecipe("double_conv", 50, 0))

    def sharp(self) -> Image | None:
        """What it shows, as one picture."""
        return None

    def key_labels(self) -> dict[str, str]:
        return {"mnist.start": "" if self.run_shown is not None or self.waits else "train one"}

    def saved(self) -> dict[str, Any]:
        """What to remember for the next time."""
        return {}

    # --- what the views do -----------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        if self.in_front and event.size.width and event.size.height:
            self.call_after_refresh(self.show)

    def ask(self, word: str, take: Take, mark: str, /, **facts: object) -> None:
        """Have the session answer; of questions with the same mark only the newest matters."""
        work: Work = partial(self._asking, f"mnist.{word}", take, mark, facts)
        _: Worker[None] = self.run_worker(work, group=mark, exit_on_error=False)

    async def _asking(self, word: str, take: Take, mark: str, facts: dict[str, object]) -> None:
        try:
            answer = await self.context.session.request(word, newest=mark, **facts)
        except Superseded:
            return
        except DltuiError as error:
            self._fail(mark, error)
            return
        self._taken(take, answer)

    def watch_parts(self, word: str, take: Take, mark: str, /, **facts: object) -> None:
        """Have the session answer in parts; a stream with the same mark ends the one before."""
        work: Work = partial(self._in_parts, f"mnist.{word}", take, mark, facts)
        worker: Worker[None] = self.run_worker(work, group=mark, exclusive=True, exit_on_error=False)
        self._streams[mark] = worker

    async def _in_parts(self, word: str, take: Take, mark: str, facts: dict[str, object]) -> None:
        parts = self.context.session.stream(word, **facts)
        try:
            async for part in parts:
                self._taken(take, part)
        except DltuiError as error:
            self._fail(mark, error)
        finally:
            await parts.aclose()

    def _fail(self, mark: str, error: DltuiError) -> None:
        self.trouble = plain(str(error), limit=600)
        self.failed(mark)
        if self.in_front:
            self.show()

    def _taken(self, take: Take, answer: Json) -> None:
        self.trouble = ""
        self.say(FOLDER.sub("", str(answer.get("warning") or "")))
        take(answer)
        if self.in_front:
            self.show()
            self.post_message(KeyHintsChanged())

    def run_submitted(self, run: RunSummary) -> None:
        self.runs_changed()
        self.post_message(KeyHintsChanged())

    def say(self, words: str) -> None:
        self.post_message(self.Said(words))

    def remember(self) -> None:
        """How it is looked at has changed."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())
