"""A grid of characters with wires behind them: lines of dots of 1 to 3 dots thickness, solid or broken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from tui.drawings import braille_cells
from tui.ui.span import Row, Span

DASH = 4
"""dots drawn, then dots left out, along a broken wire"""

CellPosition = tuple[int, int]


class Wires:
    """Text is drawn over wires, in whichever order they are added."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self.width, self.height = width, height
        self._ascii_only = ascii_only
        self._text: dict[CellPosition, tuple[str, str]] = {}
        self._dots: dict[CellPosition, tuple[int, str]] = {}
        self._characters: dict[CellPosition, tuple[str, str]] = {}

    def put(self, column: int, row: int, text: str, style_name: str) -> None:
        for offset, character in enumerate(text):
            if 0 <= column + offset < self.width and 0 <= row < self.height:
                self._text[column + offset, row] = (character, style_name)

    def wire(
        self, corners: Sequence[CellPosition], style_name: str, thickness: int = 1, *, broken: bool = False
    ) -> None:
        """Lines between the middles of the cells `corners`, 1 to 3 dots thick."""
        travelled = 0
        for start, end in pairwise(corners):
            if self._ascii_only:
                self._draw_characters(start, end, style_name, thickness)
            else:
                travelled = self._draw_dots(start, end, style_name, thickness, travelled if broken else -1)

    def _draw_dots(
        self, start: CellPosition, end: CellPosition, style_name: str, thickness: int, travelled: int
    ) -> int:
        (x0, y0), (x1, y1) = ((2 * column + 0.5, 4 * row + 1.5) for column, row in (start, end))
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        dots = [
            (int(x0 + (x1 - x0) * step / steps), int(y0 + (y1 - y0) * step / steps) + offset - thickness // 2)
            for step in range(steps + 1)
            if travelled < 0 or (travelled + step) // DASH % 2 == 0
            for offset in range(thickness)
        ]
        for at, bits in braille_cells.cells_of(dots).items():
            if 0 <= at[0] < self.width and 0 <= at[1] < self.height:
                self._dots[at] = (self._dots.get(at, (0, ""))[0] | bits, style_name)
        return travelled + steps if travelled >= 0 else -1

    def _draw_characters(
        self, start: CellPosition, end: CellPosition, style_name: str, thickness: int
    ) -> None:
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        flat = "=" if thickness > 1 else "-"
        sign = flat if abs(y1 - y0) * 3 < abs(x1 - x0) else "\\" if (x1 - x0) * (y1 - y0) > 0 else "/"
        for step in range(steps + 1):
            at = round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
            self._characters[at] = (sign, style_name)

    def rows(self) -> list[Row]:
        return [self._row(y) for y in range(self.height)]

    def _row(self, y: int) -> Row:
        spans: list[Span] = []
        for x in range(self.width):
            character, style_name = self._cell(x, y)
            if spans and spans[-1].style_name == style_name:
                spans[-1] = Span(spans[-1].text + character, style_name)
            else:
                spans.append(Span(character, style_name))
        return tuple(spans)

    def _cell(self, x: int, y: int) -> tuple[str, str]:
        if (x, y) in self._text:
            return self._text[x, y]
        if (x, y) in self._dots:
            bits, style_name = self._dots[x, y]
            return braille_cells.character(bits), style_name
        return self._characters.get((x, y), (" ", ""))
