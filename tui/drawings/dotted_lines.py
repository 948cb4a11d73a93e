"""Lines of dots over whatever a canvas shows: braille, or one character a cell in ASCII."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tui.drawings import braille_cells
from tui.drawings.half_block_canvas import ImageCanvas

Dot = tuple[float, float]
"""in dots of the area: two per cell across and four down"""
ASCII_SIGNS = "*+o#x%&@"


@dataclass(slots=True)
class DotArea:
    """A part of a canvas; lines are collected and drawn once, so that those of one cell share it."""

    canvas: ImageCanvas
    left: int
    top: int
    width: int
    height: int
    _cells: dict[tuple[int, int], tuple[int, str, int]] = field(default_factory=dict)

    def line(self, dots: Sequence[Dot], number: int, style_name: str, dash: int = 0) -> None:
        """Connect dots; what lies outside is cut, a `dash` leaves out every other stretch of so many dots."""
        travelled = 0.0
        for (x0, y0), (x1, y1) in pairwise(dots):
            if max(abs(x0), abs(x1), abs(y0), abs(y1)) > 1e5:
                continue
            steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
            if steps > 4_000:
                steps = 4_000
            found = []
            for step in range(steps + 1):
                if not dash or int((travelled + step) / dash) % 2 == 0:
                    found.append((x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps))
            travelled += steps
            self.dots(found, number, style_name)

    def dots(self, dots: Iterable[Dot], number: int, style_name: str) -> None:
        for x, y in dots:
            if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
                cell = int(x) // 2, int(y) // 4
                bits = self._cells.get(cell, (0, "", 0))[0]
                weight = braille_cells.WEIGHTS[int(y) % 4][int(x) % 2]
                self._cells[cell] = (bits | weight, style_name, number)

    def draw(self) -> None:
        for (x, y), (bits, style_name, number) in self._cells.items():
            sign = braille_cells.character(bits)
            if self.canvas.mode == "ascii":
                sign = ASCII_SIGNS[number % len(ASCII_SIGNS)]
            self.canvas.overlay(self.left + x, self.top + y, sign, style_name)
        self._cells.clear()
