"""Dots in cells of 2 x 4, each drawn as one braille character."""

from __future__ import annotations

from collections.abc import Iterable

WEIGHTS = ((1, 8), (2, 16), (4, 32), (64, 128))
"""the bit of each dot of a cell, by row and column; a cell is the sum of its dots' bits"""
BLANK = 0x2800
"""the code point of the character without dots; those of the others follow in the order of their bits"""


def cells_of(dots: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The bits of each cell (column, row) that has one of the dots (x, y)."""
    cells: dict[tuple[int, int], int] = {}
    for x, y in dots:
        at = (x // 2, y // 4)
        cells[at] = cells.get(at, 0) | WEIGHTS[y % 4][x % 2]
    return cells


def character(bits: int) -> str:
    return chr(BLANK + bits)
