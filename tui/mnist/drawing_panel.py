"""The drawing on a canvas, its prediction and the maps of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.session_protocol.mnist import DrawnPrediction, LayerMaps
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import DARK, greys, square_size
from tui.mnist.layer_snapshot import picture_maps
from tui.mnist.pad_model import BRUSHES, SIDE, Pad
from tui.mnist.picture_grid import paint_probabilities
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

TOP, LEFT = 2, 2


@dataclass(frozen=True, slots=True)
class DrawingPanel:
    """`prediction` is None while there is none; `why` is the reason for that."""

    pad: Pad
    title: str
    prediction: DrawnPrediction | None
    names: Sequence[str]
    is_centred: bool
    why: str

    def paint(self, canvas: ImageCanvas) -> None:
        columns, rows = pad_size(canvas.width, canvas.height)
        canvas.write(1, 0, self.title, "strong")
        self._sheet(canvas, columns, rows)
        self._state(canvas, TOP + rows + 1, columns)
        x = LEFT + columns + 3
        if self.prediction is None:
            self._invitation(canvas, x)
            return
        self._prediction(canvas, self.prediction, x, canvas.width - x)

    def _sheet(self, canvas: ImageCanvas, columns: int, rows: int) -> None:
        style_name = "accent" if self.pad.is_down else "line"
        canvas.frame(LEFT, TOP, columns, rows, style_name)
        canvas.picture(LEFT, TOP, columns, rows, self.pad.pixels / DARK)
        scale = columns // SIDE
        x, y = LEFT + self.pad.x * scale, 2 * TOP + self.pad.y * scale
        for down in range(scale):
            for across in range(scale):
                canvas.dot(x + across, y + down, "accent")

    def _state(self, canvas: ImageCanvas, y: int, width: int) -> None:
        pad = self.pad
        tool = "eraser" if pad.is_eraser else f"{BRUSHES[pad.brush][0]} pen"
        stands = "down: moving draws" if pad.is_down else "up: space for down"
        canvas.write(1, y, f"{tool} {stands}"[: width + 2], "key" if pad.is_down else "muted")
        placed = "centred, as in MNIST" if self.is_centred else "where it was drawn"
        canvas.write(1, y + 1, placed[: width + 2], "muted")

    def _invitation(self, canvas: ImageCanvas, x: int) -> None:
        if self.why:
            canvas.write_wrapped(x, TOP, self.why, canvas.width - x - 1, 4)
            return
        y = canvas.write_wrapped(
            x, TOP, "Draw a digit: arrows move, space puts the pen down.", canvas.width - x - 1, 3, "text"
        )
        words = "Every stroke is classified at once: ten probabilities, and all maps. The mouse draws too."
        canvas.write_wrapped(x, y + 1, words, canvas.width - x - 1, 4)

    # --- prediction ------------------------------------------------------------------------------------

    def _prediction(self, canvas: ImageCanvas, prediction: DrawnPrediction, x: int, width: int) -> None:
        small = square_size(len(prediction.centred), 14 if canvas.width < 160 else 28, 14)
        predicted = plain(self.names[prediction.predicted], limit=20)
        column = canvas.write(x, 0, "prediction ", "muted")
        column = canvas.write(column, 0, predicted, "good")
        canvas.write(column, 0, f"  {max(prediction.probabilities):.1%}", "text")
        canvas.picture(x, TOP, *small, greys(prediction.centred))
        canvas.write(x, TOP + small[1], "its input", "muted")
        bars = x + max(small[0], 12) + 2
        paint_probabilities(
            canvas,
            bars,
            TOP - 1,
            min(60, canvas.width - bars - 1),
            prediction.probabilities,
            self.names,
            None,
        )
        self._maps(canvas, prediction, x, TOP + max(10, small[1] + 1), width)

    def _maps(self, canvas: ImageCanvas, prediction: DrawnPrediction, x: int, y: int, width: int) -> None:
        """A line of maps after the ReLU for each convolution."""
        every = prediction.layers or ()
        layers = [layer for layer in every if len(layer.shape) == 3]
        if not layers:
            self._units(canvas, every[:-1], x, y, width)
            return
        room = (canvas.height - y - len(layers)) // len(layers)
        for layer in layers:
            after = picture_maps(prediction.centred, layer).after
            if after is None or room < 2:
                continue
            columns, rows = square_size(len(prediction.centred), (width - 1) // min(len(after), 5) - 1, room)
            canvas.write(x, y, f"{plain(layer.name, limit=20)}: activations of its filters", "muted")
            for place, values in enumerate(after[: max(1, (width + 1) // (columns + 1))]):
                canvas.picture(x + place * (columns + 1), y + 1, columns, rows, values)
            y += rows + 1

    def _units(self, canvas: ImageCanvas, layers: Sequence[LayerMaps], x: int, y: int, width: int) -> None:
        """Without convolutions: the activations of the hidden units as pixels."""
        for layer in layers:
            values = np.asarray(layer.after.levels, dtype=np.float64).reshape(-1) / DARK
            across = max(1, min(width - 1, 40, len(values)))
            lines = -(-len(values) // across)
            grid = np.zeros((lines + lines % 2, across))
            grid.reshape(-1)[: len(values)] = values
            if y + 1 + len(grid) // 2 > canvas.height:
                return
            canvas.write(
                x,
                y,
                f"{plain(layer.name, limit=20)}: {len(values)} units {glyphs().dot} bright is active",
                "muted",
            )
            canvas.picture(x, y + 1, across, len(grid) // 2, grid)
            y += len(grid) // 2 + 1


def pad_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows in cells: as many whole cells per pixel as fit into the left half."""
    columns = max(SIDE, min(int(width * 0.5) - 4, 2 * (height - TOP - 3)))
    columns -= columns % SIDE
    return columns, columns // 2
