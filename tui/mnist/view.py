"""Base class of the views of the MNIST tab."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.worker import Worker

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import Json, RunSummary
from tui.drawings.canvas_widget import ImageWidget
from tui.drawings.half_block_canvas import ImageCanvas
from tui.messages import KeyHintsChanged
from tui.mnist.image_mosaic import Image
from tui.mnist.recipes import NetworkRecipe
from tui.mnist.run_list import EXPERIMENT, MnistRuns
from tui.tab.context import TabContext
from tui.tab.view import View
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker

OnResponse = Callable[[Json], None]
Work = Callable[[], Coroutine[None, None, None]]
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

    def request_failed(self, key: str) -> None:
        """The request or stream of that key has failed."""

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

    def request(self, method: str, on_response: OnResponse, key: str, /, **params: object) -> None:
        """Requests `mnist.METHOD`; a newer request with the same key supersedes this one."""
        work: Work = partial(self._request, f"mnist.{method}", on_response, key, params)
        start_worker(self, work, group=key)

    async def _request(
        self, method: str, on_response: OnResponse, key: str, params: dict[str, object]
    ) -> None:
        try:
            response = await self.context.session.request(method, newest=key, **params)
        except Superseded:
            return
        except DltuiError as error:
            self._request_error(key, error)
            return
        self._received(on_response, response)

    def stream(self, method: str, on_response: OnResponse, key: str, /, **params: object) -> None:
        """Streams `mnist.METHOD`, with a call for each part; a stream with the same key is cancelled."""
        work: Work = partial(self._stream, f"mnist.{method}", on_response, key, params)
        worker: Worker[None] = start_worker(self, work, group=key, exclusive=True)
        self._streams[key] = worker

    async def _stream(
        self, method: str, on_response: OnResponse, key: str, params: dict[str, object]
    ) -> None:
        parts = self.context.session.stream(method, **params)
        try:
            async for part in parts:
                self._received(on_response, part)
        except DltuiError as error:
            self._request_error(key, error)
        finally:
            await parts.aclose()

    def _request_error(self, key: str, error: DltuiError) -> None:
        self.error_text = plain(str(error), limit=600)
        self.request_failed(key)
        if self.in_front:
            self.redraw()

    def _received(self, on_response: OnResponse, response: Json) -> None:
        self.error_text = ""
        self.set_note(FOLDER.sub("", str(response.get("warning") or "")))
        on_response(response)
        if self.in_front:
            self.redraw()
            self.post_message(KeyHintsChanged())

    def run_submitted(self, run: RunSummary) -> None:
        super().run_submitted(run)
        self.post_message(KeyHintsChanged())
