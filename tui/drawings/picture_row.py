"""Pictures beside each other, each under its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import Values, signed

GAP = 2


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    pictures = [(str(one["name"]), _array(one["pixels"])) for one in data.get("pictures", ())]
    is_signed = bool(data.get("signed"))
    if not pictures:
        return
    across = _columns(canvas, len(pictures))
    lines = -(-len(pictures) // across)
    room = (canvas.width - GAP * (across - 1)) // across
    high = max(2, canvas.height // lines - 1)
    for number, (name, pixels) in enumerate(pictures):
        x, y = number % across * (room + GAP), number // across * (high + 1)
        height, width = pixels.shape
        scale = min(room / width, 2 * high / height)
        columns, rows = max(1, int(width * scale)), max(1, int(height * scale + 1) // 2)
        canvas.write(x, y, name[:room], "muted")
        canvas.picture(
            x, y + 1, columns, rows, _stretched(pixels, is_signed), "heat" if is_signed else "grey"
        )


def _columns(canvas: ImageCanvas, count: int) -> int:
    """As many beside each other as make the pictures largest."""

    def side(across: int) -> float:
        lines = -(-count // across)
        return min((canvas.width - GAP * (across - 1)) / across, 2 * (canvas.height / lines - 1))

    return max(range(1, count + 1), key=side)


def _array(pixels: Any) -> Values:
    made = np.nan_to_num(np.asarray(pixels, dtype=np.float64))
    return made if made.ndim == 2 and made.size else np.zeros((1, 1))


def _stretched(pixels: Values, is_signed: bool) -> Values:
    """-1 to 1 where zero is the middle, else 0 to 1."""
    if is_signed:
        return signed(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    return (pixels - low) / (high - low) if high > low else np.zeros_like(pixels)
