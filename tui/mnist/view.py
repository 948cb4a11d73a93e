"""Base class of the views of the MNIST tab."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.worker import Worker

from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.mnist import FinishedReport, OfCheckpoint
from engine.session_protocol.request import A, StreamRequest
from tui.drawings.canvas_widget import ImageWidget
from tui.drawings.half_block_canvas import ImageCanvas
from tui.messages import KeyHintsChanged
from tui.mnist.filter_picture import Image
from tui.mnist.recipes import NetworkRecipe
from tui.mnist.run_list import EXPERIMENT, MnistRuns
from tui.tab.context import TabContext
from tui.tab.view import View
from tui.terminal.plain_text import plain

FOLDER = re.compile(r"\S*/checkpoints/")
"""path in a warning that is left out: the run is named elsewhere on the screen"""


class MnistView(View):
    """A view that draws one image."""

    EXPERIMENT = EXPERIMENT
    KEPT: ClassVar[tuple[str, ...]] = ()
    """keys of streams that are not cancelled when the view is hidden"""

    runs: MnistRuns

    def __init__(self, context: TabContext, runs: MnistRuns, saved: Mapping[str, Any], **widget: Any) -> None:
        super().__init__(context, runs, saved, **widget)
        self.image_widget = ImageWidget()
        self.error_text = ""
        self._streams: dict[str, Worker[None]] = {}

    def compose(self) -> ComposeResult:
        yield self.image_widget

    @property
    def run_shown(self) -> RunSummary | None:
        return self.runs.shown

    @property
    def run_id(self) -> str:
        """Id of the shown run; empty while it has no checkpoint."""
        run = self.run_shown
        return run.id if run is not None and run.checkpoint_step else ""

    @property
    def shows_network(self) -> bool:
        """Whether the view shows a network, which is then kept on the screen."""
        return bool(self.run_id)

    def run_under_cursor(self) -> tuple[str, RunSummary | None] | None:
        """Name and run under the cursor; None for a view without such a cursor."""
        return None

    # --- called by the tab -----------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        self.fetch()
        self.redraw()

    def deactivated(self) -> None:
        super().deactivated()
        for key in [key for key in self._streams if key not in self.KEPT]:
            self._streams.pop(key).cancel()

    def fetch(self) -> None:
        """Requests what is not known yet."""

    def redraw(self) -> None:
        """Draws the image anew."""
        run = self.run_shown
        if self.in_front and self.shows_network and run is not None:
            self.runs.keep_on_screen(run)
        self.image_widget.update(self._painted)

    def _painted(self, canvas: ImageCanvas) -> None:
        self.paint(canvas)
        if self.error_text:
            self.paint_error(canvas)

    def paint_error(self, canvas: ImageCanvas) -> None:
        """Writes the error, wrap_text, at the bottom."""
        width = canvas.width - 4
        lines = min(len(textwrap.wrap(self.error_text, max(10, width))), canvas.height)
        canvas.write_wrapped(2, canvas.height - lines, self.error_text, width, lines, "warn")

    def paint(self, canvas: ImageCanvas) -> None:
        """Draws on a canvas of the size of the widget."""

    def runs_changed(self) -> None:
        self.fetch()
        self.redraw()

    def start(self) -> None:
        """Trains double_conv, which every view can show."""
        self.submit_recipes(NetworkRecipe("double_conv", 50, 0))

    def image(self) -> Image | None:
        """The content as one RGB picture, for an image protocol; None where there is none."""
        return None

    def key_labels(self) -> dict[str, str]:
        return {"mnist.start": "" if self.run_shown is not None or self.loading_text else "train one"}

    # --- requests and state ----------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        if self.in_front and event.size.width and event.size.height:
            self.call_after_refresh(self.redraw)

    def stream(self, request: StreamRequest[A], on_part: Callable[[A], None], key: str) -> Worker[None]:
        self._streams[key] = super().stream(request, on_part, key)
        return self._streams[key]

    def request_failed(self, key: str, error: DltuiError) -> None:
        self.error_text = plain(str(error), limit=600)
        if self.in_front:
            self.redraw()

    def answered(self, answer: A, on_answer: Callable[[A], None]) -> None:
        self.error_text = ""
        warning = answer.warning if isinstance(answer, OfCheckpoint | FinishedReport) else ""
        self.set_note(FOLDER.sub("", warning))
        on_answer(answer)
        if self.in_front:
            self.redraw()
            self.post_message(KeyHintsChanged())

    def run_submitted(self, run: RunSummary) -> None:
        super().run_submitted(run)
        self.post_message(KeyHintsChanged())
