"""Model of the drawing pad: pixels, pen, brushes and undo."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 28
BRUSHES: Final = (("fine", 0.9), ("medium", 1.4), ("broad", 2.1))
"""name and radius in pixels"""
UNDO_LIMIT = 100
"""strokes that can be undone"""

Ink = NDArray[np.uint8]


class Pad:
    """`pixels` (SIDE, SIDE) of 0 to 255; the cursor is at `x`, `y`."""

    def __init__(self, saved: str = "") -> None:
        self.pixels: Ink = _read(saved)
        self.x, self.y = 8, 6
        self.is_down = self.is_eraser = False
        self.brush = 1
        self._before: list[Ink] = []

    @property
    def is_empty(self) -> bool:
        return not self.pixels.any()

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def rows(self) -> list[list[int]]:
        listed: list[list[int]] = self.pixels.tolist()
        return listed

    def text(self) -> str:
        """The pixels in hexadecimal, empty for an empty pad; `Pad(text)` restores them."""
        return self.pixels.tobytes().hex() if self.pixels.any() else ""

    def pen(self) -> None:
        """Lowers the pen, which draws a dot, or lifts it."""
        self.is_down = not self.is_down
        if self.is_down:
            self.begin()

    def begin(self) -> None:
        """Begins a stroke at the cursor."""
        self._push_undo()
        self._stamp(self.x, self.y)

    def move(self, across: int, down: int) -> bool:
        """Returns whether the pixels have changed."""
        return self.go_to(self.x + across, self.y + down, self.is_down)

    def go_to(self, x: int, y: int, draws: bool) -> bool:
        x, y = max(0, min(x, SIDE - 1)), max(0, min(y, SIDE - 1))
        steps = max(abs(x - self.x), abs(y - self.y))
        if draws:
            for step in range(1, steps + 1):
                share = step / steps
                self._stamp(self.x + (x - self.x) * share, self.y + (y - self.y) * share)
        self.x, self.y = x, y
        return draws and steps > 0

    def clear(self) -> None:
        self._push_undo()
        self.pixels = np.zeros((SIDE, SIDE), np.uint8)
        self.is_down = False

    def load(self, picture: Ink) -> None:
        """Replaces the drawing by a picture, enlarged by a whole factor and centred."""
        self._push_undo()
        self.is_down = False
        self.pixels = np.zeros((SIDE, SIDE), np.uint8)
        factor = max(1, SIDE // max(picture.shape))
        large = np.kron(picture, np.ones((factor, factor), np.uint8))[:SIDE, :SIDE]
        top, left = (SIDE - large.shape[0]) // 2, (SIDE - large.shape[1]) // 2
        self.pixels[top : top + large.shape[0], left : left + large.shape[1]] = large

    def undo(self) -> bool:
        """Returns whether there was something to undo."""
        if self._before:
            self.pixels = self._before.pop()
            self.is_down = False
            return True
        return False

    def _push_undo(self) -> None:
        self._before.append(self.pixels.copy())
        del self._before[:-UNDO_LIMIT]

    def _stamp(self, x: float, y: float) -> None:
        """Full ink within the radius of the brush, less at its edge; the eraser clears them."""
        reach = BRUSHES[self.brush][1]
        rows, columns = np.ogrid[:SIDE, :SIDE]
        distance = np.hypot(columns - x, rows - y)
        dot = (255 * np.clip(reach + 0.5 - distance, 0, 1)).astype(np.uint8)
        self.pixels = np.where(dot > 0, 0, self.pixels) if self.is_eraser else np.maximum(self.pixels, dot)


def _read(saved: str) -> Ink:
    try:
        found = np.frombuffer(bytes.fromhex(saved), np.uint8)
    except ValueError:
        found = np.empty(0, np.uint8)
    whole = found.size == SIDE * SIDE
    return found.reshape(SIDE, SIDE).copy() if whole else np.zeros((SIDE, SIDE), np.uint8)
