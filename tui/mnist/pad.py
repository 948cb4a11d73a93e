"""A sheet to draw a digit on, with a pen that keys or the mouse move."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 28
BRUSHES: Final = (("fine", 0.9), ("medium", 1.4), ("broad", 2.1))
"""what they are called, and how far their ink reaches in pixels"""
KEPT = 100
"""strokes that can be taken back"""

Ink = NDArray[np.uint8]


class Pad:
    """`style_name` (SIDE, SIDE) of 0 to 255; the cursor is x, y."""

    def __init__(self, saved: str = "") -> None:
        self.style_name: Ink = _read(saved)
        self.x, self.y = 8, 6
        self.is_down = self.is_rubber = False
        self.brush = 1
        self._before: list[Ink] = []

    @property
    def is_empty(self) -> bool:
        return not self.style_name.any()

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def rows(self) -> list[list[int]]:
        listed: list[list[int]] = self.style_name.tolist()
        return listed

    def text(self) -> str:
        """To be written down; `Pad(text)` has the same ink."""
        return self.style_name.tobytes().hex() if self.style_name.any() else ""

    def pen(self) -> None:
        """Down, which leaves a dot, or up."""
        self.is_down = not self.is_down
        if self.is_down:
            self.begin()

    def begin(self) -> None:
        """A new stroke where the cursor is."""
        self._remember()
        self._stamp(self.x, self.y)

    def move(self, across: int, down: int) -> bool:
        """Whether the ink has changed."""
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
        self._remember()
        self.style_name = np.zeros((SIDE, SIDE), np.uint8)
        self.is_down = False

    def load(self, picture: Ink) -> None:
        """Another picture, in the middle."""
        self._remember()
        self.is_down = False
        self.style_name = np.zeros((SIDE, SIDE), np.uint8)
        factor = max(1, SIDE // max(picture.shape))
        large = np.kron(picture, np.ones((factor, factor), np.uint8))[:SIDE, :SIDE]
        top, left = (SIDE - large.shape[0]) // 2, (SIDE - large.shape[1]) // 2
        self.style_name[top : top + large.shape[0], left : left + large.shape[1]] = large

    def undo(self) -> bool:
        """Whether there was something to take back."""
        if self._before:
            self.style_name = self._before.pop()
            self.is_down = False
            return True
        return False

    def _remember(self) -> None:
        self._before.append(self.style_name.copy())
        del self._before[:-KEPT]

    def _stamp(self, x: float, y: float) -> None:
        """Full ink within the brush, less on the pixel that its edge crosses; a rubber leaves none."""
        reach = BRUSHES[self.brush][1]
        rows, columns = np.ogrid[:SIDE, :SIDE]
        distance = np.hypot(columns - x, rows - y)
        dot = (255 * np.clip(reach + 0.5 - distance, 0, 1)).astype(np.uint8)
        self.style_name = (
            np.where(dot > 0, 0, self.style_name) if self.is_rubber else np.maximum(self.style_name, dot)
        )


def _read(saved: str) -> Ink:
    try:
        found = np.frombuffer(bytes.fromhex(saved), np.uint8)
    except ValueError:
        found = np.empty(0, np.uint8)
    whole = found.size == SIDE * SIDE
    return found.reshape(SIDE, SIDE).copy() if whole else np.zeros((SIDE, SIDE), np.uint8)
