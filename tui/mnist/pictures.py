"""Pictures behind a number of the report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.protocol import Json
from tui.drawings.image_canvas import ImageCanvas
from tui.drawings.pixels import greys
from tui.keys import all_keys
from tui.messages import OpenView
from tui.mnist.mosaic import Image, grey, heat, joined
from tui.mnist.pictures_image import PicturesImage, grid
from tui.mnist.view import MnistView
from tui.terminal.plain_text import plain

KINDS = ("", "occlusion", "gradient")


class PicturesView(MnistView):
    """Opened from the report, and left for it."""

    SCOPE = "pictures"
    BINDINGS = all_keys.bindings("pictures")

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.cursor, self.kind, self.is_true_asked = 0, "", False
        self.images: list[Json] = []
        self.count = 0
        self._wanted: Mapping[str, Any] = {}
        self._run = ""
        self._is_asked = False
        self._why: dict[tuple[int, str, bool], Json] = {}

    def take(self, facts: Mapping[str, Any]) -> None:
        """From the report: a word of the session, its facts, a title, the split, the names of the classes."""
        self._wanted, self._run = facts, self.run_id
        self.cursor, self.images, self.count, self._why = 0, [], 0, {}
        self._is_asked = False
        self.look()

    def look(self) -> None:
        if not self._wanted or self._is_asked:
            self._look_why()
            return
        self._is_asked = True
        facts = {"run": self._run, "split": self._wanted["split"], **self._wanted["facts"]}
        self.ask(self._wanted["word"], self._take, "mnist pictures", **facts)

    def failed(self, mark: str) -> None:
        if mark == "mnist pictures":
            self._is_asked = False

    def runs_changed(self) -> None:
        """Another run is chosen: its report is wanted. Otherwise these pictures stay."""
        if self._wanted and self.run_id != self._run:
            self.action_back()

    def _take(self, answer: Json) -> None:
        self.images, self.count = answer["images"], answer["count"]
        if self._wanted["word"] == "worst":
            self.count = len(self.images)
        self._look_why()

    def _look_why(self) -> None:
        if not self.kind or not self.images:
            return
        image, key = self.images[self.cursor], self._why_key()
        if key in self._why:
            return
        facts = {"run": self._run, "kind": self.kind, "pixels": image["pixels"]}
        if self.is_true_asked:
            facts["target"] = image["label"]
        self.ask("saliency", partial(self._take_why, key), "mnist saliency", **facts)

    def _why_key(self) -> tuple[int, str, bool]:
        return self.cursor, self.kind, self.is_true_asked

    def _take_why(self, key: tuple[int, str, bool], answer: Json) -> None:
        self._why[key] = answer

    def paint(self, canvas: ImageCanvas) -> None:
        if not self._wanted or not self._is_asked or (not self.images and not self.count and not self._why):
            canvas.write(2, 1, "Computing ..." if self._is_asked else "Choose a cell of the report.", "muted")
            if not self._wanted:
                return
        why = self._why.get(self._why_key())
        title = plain(f"{self._wanted['title']}, {self._wanted['split']} pictures", limit=60)
        names = self._wanted["names"]
        PicturesImage(title, self.images, self.count, self.cursor, names, self.kind, why).paint(canvas)

    # --- what is done ----------------------------------------------------------------------------------

    def _grid(self) -> tuple[int, int]:
        side = len(self.images[0]["pixels"]) if self.images else 28
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
        self._look_why()
        self.show()

    def action_saliency(self) -> None:
        self.kind = KINDS[(KINDS.index(self.kind) + 1) % len(KINDS)]
        self._look_why()
        self.show()
        self.remember()

    def action_target(self) -> None:
        self.is_true_asked = not self.is_true_asked
        self.kind = self.kind or KINDS[1]
        self._look_why()
        self.show()
        self.remember()

    def action_edit(self) -> None:
        if self.images:
            self.post_message(OpenView("mnist", "draw", {"pixels": self.images[self.cursor]["pixels"]}))

    def action_back(self) -> None:
        self.post_message(OpenView("mnist", "report", {}))

    def sharp(self) -> Image | None:
        if not self.images:
            return None
        tiles = [grey(greys(self.images[self.cursor]["pixels"]))]
        why = self._why.get(self._why_key())
        return joined([tiles if why is None else [*tiles, heat(np.asarray(why["values"], dtype=np.float64))]])

    def key_labels(self) -> dict[str, str]:
        words = {"": "saliency", "occlusion": "by gradient", "gradient": "no saliency"}[self.kind]
        target = "of predicted class" if self.is_true_asked else "of true class"
        return {"mnist.start": "", "mnist.run": "", "pictures.saliency": words, "pictures.target": target}
