"""A character grid drawn with dots: braille, quarter blocks or letters, one style per cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui.drawings import braille_cells
from tui.ui.span import Row, Span

Symbols = Literal["braille", "block", "ascii"]

BLANK = ord(" ")
QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


@dataclass(frozen=True, slots=True)
class DotTrace:
    """Rows of dots counted from the top, one pair per column of dots; empty where top > bottom."""

    top: NDArray[np.int64]
    bottom: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DotPen:
    """How dots become characters.

    `across` x `down` dots per cell, the bit of each dot, and the character for every sum of bits.
    """

    across: int
    down: int
    weights: NDArray[np.uint8]
    characters: NDArray[np.uint32]


@cache
def dot_pen(symbols: Symbols, letter: str = "*") -> DotPen:
    if symbols == "braille":
        characters = [BLANK, *range(braille_cells.BLANK + 1, braille_cells.BLANK + 256)]
        return DotPen(2, 4, np.array(braille_cells.WEIGHTS, np.uint8), np.array(characters, np.uint32))
    if symbols == "block":
        weights = np.array([[1, 2], [4, 8]], np.uint8)
        return DotPen(2, 2, weights, np.array([ord(quarter) for quarter in QUARTERS], np.uint32))
    return DotPen(1, 1, np.array([[1]], np.uint8), np.array([BLANK, ord(letter)], np.uint32))


class Canvas:
    """`rows` x `columns` cells; a later drawing replaces, cell by cell, an earlier one."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._characters = np.full((rows, columns), BLANK, np.uint32)
        self._style_numbers = np.zeros((rows, columns), np.int64)
        self._names: list[str] = [""]

    def paint(self, trace: DotTrace, pen: DotPen, style_name: str) -> None:
        """Draw a line of `columns * pen.across` columns of dots."""
        bits = _bits(trace, pen, self.rows)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._style_numbers[marked] = self._style_number(style_name)

    def paint_dots(self, dots: NDArray[np.bool_], pen: DotPen, style_name: str) -> None:
        """Draw a mask of dots of shape (rows * pen.down, columns * pen.across)."""
        cells = dots.reshape(self.rows, pen.down, self.columns, pen.across)
        bits = (cells * pen.weights[None, :, None, :]).sum(axis=(1, 3), dtype=np.uint8)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._style_numbers[marked] = self._style_number(style_name)

    def write(self, row: int, column: int, text: str, style_name: str) -> None:
        """Write text over what is drawn; what lies outside the canvas is dropped."""
        for place, character in enumerate(text):
            self.put(row, column + place, character, style_name)

    def put(self, row: int, column: int, character: str, style_name: str) -> None:
        """Write one character over what is drawn; outside the canvas nothing happens."""
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self._characters[row, column] = ord(character)
            self._style_numbers[row, column] = self._style_number(style_name)

    def fill(self, rows: slice, columns: slice, character: str, style_name: str) -> None:
        """Write one character into the cells of an area that are still blank."""
        area = self._characters[rows, columns] == BLANK
        self._characters[rows, columns][area] = ord(character)
        self._style_numbers[rows, columns][area] = self._style_number(style_name)

    def lines(self) -> Iterable[Row]:
        """The rows as spans of one style; blank cells take the style of the span before them."""
        places = np.where(self._style_numbers > 0, np.arange(self.columns), 0)
        styles = np.take_along_axis(self._style_numbers, np.maximum.accumulate(places, axis=1), axis=1)
        for characters, row_styles in zip(self._characters, styles, strict=True):
            yield self._row(characters, row_styles)

    def _row(self, characters: NDArray[np.uint32], styles: NDArray[np.int64]) -> Row:
        text = characters.astype("<u4").tobytes().decode("utf-32-le")
        cuts = [0, *(np.flatnonzero(np.diff(styles)) + 1).tolist(), self.columns]
        return tuple(
            Span(text[start:stop], self._names[styles[start]])
            for start, stop in pairwise(cuts)
            if stop > start
        )

    def _style_number(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)


def _bits(trace: DotTrace, pen: DotPen, rows: int) -> NDArray[np.uint8]:
    """(rows, columns): the sum of the bits of the dots that the trace covers in each cell."""
    tops = np.arange(rows)[:, None] * pen.down
    start = np.clip(trace.top - tops, 0, pen.down)
    stop = np.clip(trace.bottom - tops + 1, 0, pen.down)
    filled = _bits_of_ranges(pen)
    side = np.arange(len(trace.top)) % pen.across
    bits = filled[side, start, stop].reshape(rows, -1, pen.across)
    return np.asarray(bits.sum(axis=2, dtype=np.uint8))


@cache
def _bits_of_ranges(pen: DotPen) -> NDArray[np.uint8]:
    """[side, start, stop]: sum of the bits of the dots start .. stop - 1 in that dot column of a cell."""
    sums = np.zeros((pen.across, pen.down + 1, pen.down + 1), np.uint8)
    for start in range(pen.down):
        for stop in range(start + 1, pen.down + 1):
            sums[:, start, stop] = pen.weights[start:stop].sum(axis=0)
    return sums
