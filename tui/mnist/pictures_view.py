"""The pictures view: pictures of a cell of the report, with predictions and saliency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.errors import DltuiError
from engine.session_protocol.mnist import (
    CellRequest,
    PictureSaliency,
    SaliencyRequest,
    SplitPicture,
    SplitPictures,
    WorstRequest,
)
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import greys
from tui.messages import OpenView
from tui.mnist.filter_picture import Image, grey, heat, joined
from tui.mnist.picture_grid import PictureGrid, grid
from tui.mnist.view import MnistView
from tui.terminal.plain_text import plain

KINDS = ("", "occlusion", "gradient")


class PicturesView(MnistView):
    """Opened from the report; `action_back` returns to it."""

    SCOPE = "pictures"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.cursor, self.kind, self.is_true_target = 0, "", False
        self.images: Sequence[SplitPicture] = ()
        self.count = 0
        self._title = ""
        self._names: Sequence[str] = ()
        self._of: CellRequest | WorstRequest | None = None
        """the request for the pictures"""
        self._is_requested = False
        self._saliency: dict[tuple[int, str, bool], PictureSaliency] = {}

    def select(self, selection: Mapping[str, Any]) -> None:
        """{request (a CellRequest or WorstRequest), title, names (of the classes)}."""
        self._of, self._title, self._names = selection["request"], selection["title"], selection["names"]
        self.cursor, self.images, self.count, self._saliency = 0, (), 0, {}
        self._is_requested = False
        self.fetch()

    def fetch(self) -> None:
        if self._of is None or self._is_requested:
            self._fetch_saliency()
            return
        self._is_requested = True
        self.request(self._of, self._set_images, "mnist pictures")

    def request_failed(self, key: str, error: DltuiError) -> None:
        if key == "mnist pictures":
            self._is_requested = False
        super().request_failed(key, error)

    def runs_changed(self) -> None:
        """Returns to the report when another run was chosen."""
        if self._of is not None and self.run_id != self._of.run:
            self.action_back()

    def _set_images(self, answer: SplitPictures) -> None:
        self.images = answer.images
        self.count = len(self.images) if isinstance(self._of, WorstRequest) else answer.count
        self._fetch_saliency()

    def _fetch_saliency(self) -> None:
        if self._of is None or not self.kind or not self.images:
            return
        image, key = self.images[self.cursor], self._saliency_key()
        if key in self._saliency:
            return
        target = image.label if self.is_true_target else None
        request = SaliencyRequest(self._of.run, self.kind, target, pixels=image.pixels)
        self.request(request, partial(self._set_saliency, key), "mnist saliency")

    def _saliency_key(self) -> tuple[int, str, bool]:
        return self.cursor, self.kind, self.is_true_target

    def _set_saliency(self, key: tuple[int, str, bool], saliency: PictureSaliency) -> None:
        self._saliency[key] = saliency

    def paint(self, canvas: ImageCanvas) -> None:
        if not self._is_requested or (not self.images and not self.count and not self._saliency):
            canvas.write(
                2, 1, "Computing ..." if self._is_requested else "Choose a cell of the report.", "muted"
            )
        if self._of is None:
            return
        saliency = self._saliency.get(self._saliency_key())
        title = plain(f"{self._title}, {self._of.split} pictures", limit=60)
        PictureGrid(title, self.images, self.count, self.cursor, self._names, self.kind, saliency).paint(
            canvas
        )

    # --- actions ---------------------------------------------------------------------------------------

    def _grid(self) -> tuple[int, int]:
        side = len(self.images[0].pixels) if self.images else 28
        return grid(side, self.image_widget.size.width, self.image_widget.size.height)

    def action_move(self, across: int, down: int) -> None:
        self._go(self.cursor + across + down * self._grid()[0])

    def action_page(self, by: int) -> None:
        across, lines = self._grid()
        self._go(self.cursor + by * across * lines)

    def action_go_to(self, end: int) -> None:
        self._go(len(self.images) if end else 0)

    def _go(self, place: int) -> None:
        self.cursor = max(0, min(place, len(self.images) - 1))
        self._fetch_saliency()
        self.redraw()

    def action_saliency(self) -> None:
        self.kind = KINDS[(KINDS.index(self.kind) + 1) % len(KINDS)]
        self._fetch_saliency()
        self.redraw()
        self.save_state()

    def action_target(self) -> None:
        self.is_true_target = not self.is_true_target
        self.kind = self.kind or KINDS[1]
        self._fetch_saliency()
        self.redraw()
        self.save_state()

    def action_edit(self) -> None:
        if self.images:
            self.post_message(OpenView("mnist", "draw", {"pixels": self.images[self.cursor].pixels}))

    def action_back(self) -> None:
        self.post_message(OpenView("mnist", "report", {}))

    def image(self) -> Image | None:
        if not self.images:
            return None
        tiles = [grey(greys(self.images[self.cursor].pixels))]
        saliency = self._saliency.get(self._saliency_key())
        return joined(
            [tiles if saliency is None else [*tiles, heat(np.asarray(saliency.values, dtype=np.float64))]]
        )

    def key_labels(self) -> dict[str, str]:
        words = {"": "saliency", "occlusion": "by gradient", "gradient": "no saliency"}[self.kind]
        target = "of predicted class" if self.is_true_target else "of true class"
        return {"mnist.start": "", "mnist.run": "", "pictures.saliency": words, "pictures.target": target}
