"""The draw view: a digit that is classified while it is drawn, and the set of kept digits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from textual import events

from engine.session_protocol.mnist import (
    DrawnPrediction,
    DropRequest,
    KeepRequest,
    KeptMark,
    KeptReport,
    KeptReportRequest,
    ModelRequest,
    NetworkFacts,
    PredictRequest,
)
from tui.data.run_text import name_of
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import DARK
from tui.mnist.drawing_panel import LEFT, TOP, DrawingPanel, pad_size
from tui.mnist.filter_picture import Image, grey, joined
from tui.mnist.pad_model import BRUSHES, SIDE, Pad
from tui.mnist.picture_grid import PictureGrid, grid
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

DIGITS = tuple("0123456789")
NO_RUN = "You can draw already, but there is no network to classify it yet: {} trains one in half a minute."
NOT_YET = "You can draw already; the network classifies it from its first checkpoint on."


class DrawView(MnistView):
    """The pad, or the kept digits."""

    SCOPE = "pad"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.pad = Pad(str(self.saved_before.get("ink", "")))
        self.is_centred = self.saved_before.get("centred") is not False
        self._was_centred = False
        """whether drawings were centred before a picture of the data set was opened"""
        self.is_kept_shown = False
        self.cursor = 0
        self._prediction: DrawnPrediction | None = None
        self._names: tuple[str, ...] = DIGITS
        self._named = ""
        self._kept: KeptReport | None = None

    # --- requests --------------------------------------------------------------------------------------

    def fetch(self) -> None:
        run = self.run_id
        if run and run != self._named:
            self._named, self._prediction = run, None
            self.request(ModelRequest(run), self._set_model, "mnist names")
        if self.is_kept_shown:
            self._request_kept()
        elif self._prediction is None:
            self._classify()

    def _set_model(self, model: NetworkFacts) -> None:
        self._names = tuple(plain(name, limit=20) for name in model.class_names) or DIGITS

    def _classify(self) -> None:
        """Requests the prediction for the drawing; an older request is superseded."""
        if self.pad.is_empty or not self.run_id:
            self._prediction = None
            return
        request = PredictRequest(self.run_id, self.pad.rows(), self.is_centred)
        self.request(request, self._set_prediction, "mnist predict")

    def _set_prediction(self, prediction: DrawnPrediction) -> None:
        self._prediction = prediction if prediction.run == self.run_id and not self.pad.is_empty else None

    def _request_kept(self) -> None:
        if self.run_id:
            self.request(KeptReportRequest(self.run_id), self._set_kept, "mnist kept")

    def _set_kept(self, report: KeptReport) -> None:
        self._kept = report
        self.cursor = max(0, min(self.cursor, report.count - 1))

    # --- drawing ---------------------------------------------------------------------------------------

    def paint(self, canvas: ImageCanvas) -> None:
        if self.is_kept_shown:
            self._paint_kept(canvas)
            return
        run = self.run_shown
        is_read = run is not None and bool(self.run_id)
        title = f"Your digit {glyphs().dot} classified by {name_of(run)}" if run and is_read else "Your digit"
        title += f", step {self._prediction.step:,}" if self._prediction is not None else ""
        width = (
            pad_size(canvas.width, canvas.height)[0] + 3 if self._prediction is not None else canvas.width - 2
        )
        if len(title) > width:
            title = title[: width - 1] + glyphs().cut
        why = self._why()
        DrawingPanel(self.pad, title, self._prediction, self._names, self.is_centred, why).paint(canvas)

    def _why(self) -> str:
        """Why there is no prediction, and what to do; empty where there can be one."""
        if self.run_id:
            return ""
        if self.loading_text:
            return self.loading_text
        run = self.run_shown
        return (
            NOT_YET
            if run is not None and not run.status.is_final
            else NO_RUN.format(self.context.keymap.shown("mnist.start"))
        )

    def _paint_kept(self, canvas: ImageCanvas) -> None:
        report = self._kept
        if not self.run_id or report is None:
            canvas.write(1, 0, "Your digits", "strong")
            canvas.write(1, 2, self._why() or "computing ...", "muted")
        elif report.accuracy is None:
            canvas.write(1, 0, "Your digits", "strong")
            canvas.write(1, 2, "None is kept yet: draw one, enter keeps it with its label.", "muted")
        else:
            right = round(report.accuracy * report.count)
            title = f"Your digits: {right} of {report.count} classified rightly"
            PictureGrid(title, report.images, report.count, self.cursor, self._names).paint(canvas)

    # --- the pen ---------------------------------------------------------------------------------------

    def _drawing_changed(self) -> None:
        self._classify()
        self.redraw()
        self.save_state()

    def action_move(self, across: int, down: int) -> None:
        if self.is_kept_shown:
            self._move_kept(across, down)
        elif self.pad.move(across, down):
            self._drawing_changed()
        else:
            self.redraw()

    def action_pen(self) -> None:
        self.is_kept_shown = False
        self.pad.pen()
        self._drawing_changed()

    def action_rubber(self) -> None:
        self.pad.is_eraser = not self.pad.is_eraser
        self._drawing_changed()

    def action_brush(self) -> None:
        self.pad.brush = (self.pad.brush + 1) % len(BRUSHES)
        self._drawing_changed()

    def action_clear(self) -> None:
        self._empty()
        self._drawing_changed()

    def _empty(self) -> None:
        """Clears the pad; centring is again as it was before a picture of the data set was opened."""
        self.pad.clear()
        self.is_centred, self._was_centred = self.is_centred or self._was_centred, False

    def action_undo(self) -> None:
        if self.pad.undo():
            self._drawing_changed()

    def action_centre(self) -> None:
        self.is_centred, self._was_centred = not self.is_centred, False
        self._drawing_changed()

    def select(self, selection: Mapping[str, Any]) -> None:
        """Opens a picture of the data set, without centring it again."""
        self.is_kept_shown = False
        self._was_centred = self.is_centred or self._was_centred
        self.is_centred = False
        self.pad.load(np.asarray(selection["pixels"], dtype=np.uint8))
        self._drawing_changed()

    # --- the mouse -------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = self._pixel(event)
        if place is not None:
            self.pad.go_to(*place, False)
            self.pad.begin()
            self.capture_mouse()
            self._drawing_changed()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        place = self._pixel(event) if event.button and self.app.mouse_captured is self else None
        if place is not None and self.pad.go_to(*place, True):
            self._drawing_changed()

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _pixel(self, event: events.MouseEvent) -> tuple[int, int] | None:
        columns, rows = pad_size(*self.image_widget.size)
        x, y = event.x - LEFT, event.y - TOP
        if self.is_kept_shown or not (0 <= x < columns and 0 <= y < rows):
            return None
        scale = columns / SIDE
        return int(x / scale), int(2 * y / scale)

    # --- kept digits -----------------------------------------------------------------------------------

    def action_keep(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        if self.is_kept_shown or self.pad.is_empty:
            return
        predicted = self._prediction.predicted if self._prediction is not None else 0
        choices = [(name, "predicted" if label == predicted and self._prediction else "")
                   for label, name in enumerate(self._names)]  # fmt: skip
        self.app.push_screen(ChooseScreen("which digit is it", choices, "keep", predicted), self._keep)

    def _keep(self, label: int | None) -> None:
        if label is not None:
            request = KeepRequest(self.pad.rows(), label)
            self.request(request, partial(self._was_kept, label), "mnist keep")

    def _was_kept(self, label: int, kept: KeptMark) -> None:
        words = f"Kept as {self._names[label]}; you have {kept.count}. t shows them."
        self.app.notify(words, markup=False)
        self._empty()
        self._prediction = None
        self.save_state()

    def action_kept(self) -> None:
        self.is_kept_shown = not self.is_kept_shown
        self.fetch()
        self.redraw()
        self.save_state()

    def action_drop(self) -> None:
        if self.is_kept_shown and self._kept is not None and self._kept.count:
            request = DropRequest(self._kept.images[self.cursor].mark)
            self.request(request, lambda _: self._request_kept(), "mnist drop")

    def _move_kept(self, across: int, down: int) -> None:
        if self._kept is not None and self._kept.count:
            side = len(self._kept.images[0].pixels)
            line = grid(side, self.image_widget.size.width, self.image_widget.size.height)[0]
            self.cursor = max(0, min(self.cursor + across + down * line, self._kept.count - 1))
            self.redraw()

    def image(self) -> Image | None:
        return joined([[grey(self.pad.pixels / DARK)]])

    def key_labels(self) -> dict[str, str]:
        pad = self.pad
        hidden = ("pen", "keep", "clear", "undo", "rubber", "brush", "place") if self.is_kept_shown else ()
        drawn = () if pad.can_undo else ("undo",)
        return {
            **super().key_labels(),
            "pad.pen": "pen up" if pad.is_down else "pen down",
            "pad.rubber": "pen" if pad.is_eraser else "eraser",
            "pad.keep": "" if pad.is_empty else "save digit",
            "pad.clear": "" if pad.is_empty else "clear",
            "pad.drop": "drop" if self.is_kept_shown else "",
            "pad.kept": "draw" if self.is_kept_shown else "kept digits",
            **{f"pad.{name}": "" for name in (*hidden, *drawn)},
        }

    def saved(self) -> dict[str, Any]:
        return {"ink": self.pad.text(), "centred": self.is_centred or self._was_centred}
