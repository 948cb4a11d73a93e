"""A grid of cells painted with dots: braille, quarter blocks or letters, one colour to a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui.chart.trace import DotTrace
from tui.ui.span import Row, Span

Symbols = Literal["braille", "block", "ascii"]

BLANK = ord(" ")
QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


@dataclass(frozen=True, slots=True, eq=False)
class DotPen:
    """Dots per cell, the weight of each dot, and the character for every sum of weights."""

    across: int
    down: int
    weights: NDArray[np.uint8]
    characters: NDArray[np.uint32]


@cache
def pen(symbols: Symbols, letter: str = "*") -> DotPen:
    if symbols == "braille":
        weights = np.array([[1, 8], [2, 16], [4, 32], [64, 128]], np.uint8)
        return DotPen(2, 4, weights, np.array([BLANK, *range(0x2801, 0x2900)], np.uint32))
    if symbols == "block":
        weights = np.array([[1, 2], [4, 8]], np.uint8)
        return DotPen(2, 2, weights, np.array([ord(quarter) for quarter in QUARTERS], np.uint32))
    return DotPen(1, 1, np.array([[1]], np.uint8), np.array([BLANK, ord(letter)], np.uint32))


class Canvas:
    """What is painted later covers, cell by cell, what was painted before."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._characters = np.full((rows, columns), BLANK, np.uint32)
        self._inks = np.zeros((rows, columns), np.int64)
        self._names: list[str] = [""]

    def paint(self, trace: DotTrace, pen: DotPen, style_name: str) -> None:
        """Draw a line of `columns * pen.across` columns of dots."""
        bits = _bits(trace, pen, self.rows)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._inks[marked] = self._ink(style_name)

    def stipple(self, dots: NDArray[np.bool_], pen: DotPen, style_name: str) -> None:
        """Set these dots: `rows * pen.down` rows of `columns * pen.across`."""
        cells = dots.reshape(self.rows, pen.down, self.columns, pen.across)
        bits = (cells * pen.weights[None, :, None, :]).sum(axis=(1, 3), dtype=np.uint8)
        marked = bits > 0
        self._characters[marked] = pen.characters[bits[marked]]
        self._inks[marked] = self._ink(style_name)

    def write(self, row: int, column: int, text: str, style_name: str) -> None:
        """Write a word over whatever is there, as much of it as fits."""
        for place, character in enumerate(text):
            self.put(row, column + place, character, style_name)

    def put(self, row: int, column: int, character: str, style_name: str) -> None:
        """Write one character over whatever is there."""
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self._characters[row, column] = ord(character)
            self._inks[row, column] = self._ink(style_name)

    def fill(self, rows: slice, columns: slice, character: str, style_name: str) -> None:
        """Write one character into the cells of an area that are still blank."""
        area = self._characters[rows, columns] == BLANK
        self._characters[rows, columns][area] = ord(character)
        self._inks[rows, columns][area] = self._ink(style_name)

    def lines(self) -> Iterable[Row]:
        """The rows as runs of one ink; blank cells go with the run before them."""
        places = np.where(self._inks > 0, np.arange(self.columns), 0)
        styles = np.take_along_axis(self._inks, np.maximum.accumulate(places, axis=1), axis=1)
        for characters, row_inks in zip(self._characters, styles, strict=True):
            yield self._row(characters, row_inks)

    def _row(self, characters: NDArray[np.uint32], styles: NDArray[np.int64]) -> Row:
        text = characters.astype("<u4").tobytes().decode("utf-32-le")
        cuts = [0, *(np.flatnonzero(np.diff(styles)) + 1).tolist(), self.columns]
        return tuple(
            Span(text[start:stop], self._names[styles[start]])
            for start, stop in pairwise(cuts)
            if stop > start
        )

    def _ink(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)


def _bits(trace: DotTrace, pen: DotPen, rows: int) -> NDArray[np.uint8]:
    """The sum of the weights of the dots covered in every cell."""
    tops = np.arange(rows)[:, None] * pen.down
    start = np.clip(trace.top - tops, 0, pen.down)
    stop = np.clip(trace.bottom - tops + 1, 0, pen.down)
    filled = _stretches(pen)
    side = np.arange(len(trace.top)) % pen.across
    bits = filled[side, start, stop].reshape(rows, -1, pen.across)
    return np.asarray(bits.sum(axis=2, dtype=np.uint8))


@cache
def _stretches(pen: DotPen) -> NDArray[np.uint8]:
    """[side, start, stop]: weights of the dots from start up to stop on that side of a cell."""
    sums = np.zeros((pen.across, pen.down + 1, pen.down + 1), np.uint8)
    for start in range(pen.down):
        for stop in range(start + 1, pen.down + 1):
            sums[:, start, stop] = pen.weights[start:stop].sum(axis=0)
    return sums
