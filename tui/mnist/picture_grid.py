"""A grid of pictures on a canvas, with the probabilities and saliency of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.session_protocol.mnist import KeptPicture, PictureSaliency, SplitPicture
from tui.drawings.half_block_canvas import ImageCanvas, positive
from tui.drawings.image_arrays import greys, square_size
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

TOP = 2


@dataclass(frozen=True, slots=True)
class PictureGrid:
    """`saliency` is that of the picture under the cursor."""

    title: str
    images: Sequence[SplitPicture] | Sequence[KeptPicture]
    count: int
    cursor: int
    names: Sequence[str]
    kind: str = ""
    saliency: PictureSaliency | None = None

    def paint(self, canvas: ImageCanvas) -> None:
        x = canvas.write(1, 0, self.title, "strong")
        canvas.write(x, 0, f"  {self.cursor + 1} of {self.count:,}" if self.images else "  none", "muted")
        if not self.images:
            canvas.write(1, TOP, "No picture is in this cell.", "muted")
            return
        detail = detail_width(canvas.width)
        order, room = f"true{_arrow(canvas)}predicted and loss, largest loss first", canvas.width - detail - 2
        canvas.write(1, 1, order if len(order) <= room else "loss, largest first", "muted")
        self._grid(canvas, canvas.width - detail - 2)
        self._detail(canvas, canvas.width - detail, detail)

    # --- the grid --------------------------------------------------------------------------------------

    def _grid(self, canvas: ImageCanvas, width: int) -> None:
        side = len(self.images[0].pixels)
        columns, rows = tile(side, canvas.width)
        across, lines = grid(side, canvas.width, canvas.height)
        top = max(0, self.cursor // across - lines + 1)
        top = max(top, min(top, self.cursor // across))
        for place in range(top * across, min(len(self.images), (top + lines) * across)):
            x = 1 + (place % across) * (columns + 1)
            y = TOP + (place // across - top) * (rows + 1)
            self._tile(canvas, x, y, (columns, rows), place)

    def _tile(self, canvas: ImageCanvas, x: int, y: int, size: tuple[int, int], place: int) -> None:
        image, here = self.images[place], place == self.cursor
        canvas.picture(x, y, *size, greys(image.pixels))
        true, predicted = (plain(self.names[label], limit=8) for label in (image.label, image.predicted))
        words = f"{true}{_arrow(canvas)}{predicted}" if true != predicted else true
        sign = glyphs().choice[1] if here else " "
        loss = loss_words(image.loss) if isinstance(image, SplitPicture) else ""
        text = f"{sign}{words}"[: size[0]]
        canvas.write(x, y + size[1], text, "key" if here else "text" if true == predicted else "bad")
        if loss and len(text) + 1 + len(loss) <= size[0]:
            canvas.write(x + len(text) + 1, y + size[1], loss, "muted")

    # --- the chosen one --------------------------------------------------------------------------------

    def _detail(self, canvas: ImageCanvas, x: int, width: int) -> None:
        image = self.images[self.cursor]
        side = len(image.pixels)
        beside = width >= 60
        room = (width - 2) // 2 if beside else width - 2
        columns, rows = square_size(side, min(room, 2 * side), canvas.height - 13)
        picture = greys(image.pixels)
        fits = self.kind and self.saliency is not None
        if beside or not fits:
            canvas.picture(x, TOP, columns, rows, picture)
        if fits and self.saliency is not None:
            values = np.clip(np.asarray(self.saliency.values, dtype=np.float64), -1, 1)
            canvas.picture(x + (columns + 2 if beside else 0), TOP, columns, rows, values, "heat")
        true, predicted = (plain(self.names[label], limit=20) for label in (image.label, image.predicted))
        x = x if x >= 1 else 1
        canvas.write(x, 0, f"it is {true}", "good")
        if true != predicted:
            canvas.write(x + len(true) + 7, 0, f"predicted as {predicted}"[: width - len(true) - 7], "bad")
        self._caption(canvas, x, 1, width)
        paint_probabilities(
            canvas, x, TOP + rows + 1, min(width - 1, 60), image.probabilities, self.names, image.label
        )

    def _caption(self, canvas: ImageCanvas, x: int, y: int, width: int) -> None:
        image = self.images[self.cursor]
        words = ""
        if isinstance(image, SplitPicture):
            words = f"picture {image.index:,}, loss {loss_words(image.loss)}"
        style_name = "muted"
        if self.kind and self.saliency is None:
            words = "computing ..."
        elif self.saliency is not None and self.kind:
            target = plain(self.names[self.saliency.target], limit=12)
            effect = "hiding" if self.kind == "occlusion" else "less ink"
            words, style_name = f"{positive(canvas)}: {effect} lowers p({target})", "accent"
            full = f"{self.kind}, {words}"
            words = full if len(full) <= width else words
        canvas.write(x, y, words[:width], style_name)


def _arrow(canvas: ImageCanvas) -> str:
    return ">" if canvas.mode == "ascii" else "→"


def loss_words(loss: float) -> str:
    """A cross-entropy in about four characters."""
    return f"{loss:.2f}" if loss < 9.995 else f"{loss:.1f}"


def detail_width(width: int) -> int:
    return 30 if width < 100 else 42 if width < 160 else 78


def tile(side: int, width: int) -> tuple[int, int]:
    """Columns and rows in cells of a picture in the grid."""
    return square_size(side, 10 if width < 100 else 14 if width < 160 else 28, 14)


def grid(side: int, width: int, height: int) -> tuple[int, int]:
    """How many pictures fit in a line, and how many lines."""
    columns, rows = tile(side, width)
    across = max(1, (width - detail_width(width) - 2) // (columns + 1))
    return across, max(1, (height - TOP) // (rows + 1))


def paint_probabilities(
    canvas: ImageCanvas,
    x: int,
    y: int,
    width: int,
    shares: Sequence[float],
    names: Sequence[str],
    true: int | None,
) -> None:
    """One line per class; the most probable one is bright, the true one green."""
    likeliest = max(range(len(shares)), key=lambda label: shares[label])
    room = min(12, max((len(name) for name in names), default=1))
    for label, share in enumerate(shares):
        style_name = "good" if label == true else "accent" if label == likeliest else "line"
        name = plain(names[label], limit=room).ljust(room)
        bright = label in (likeliest, true)
        canvas.write(
            x, y + label, name, "good" if label == true else "key" if label == likeliest else "muted"
        )
        canvas.bar(x + room + 1, y + label, max(3, width - room - 9), share, style_name)
        canvas.write(x + width - 7, y + label, f"{share:7.2%}", "strong" if bright else "muted")
