"""The size of a square image in cells."""

from __future__ import annotations


def square_size(side: int, columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows, a cell being twice as high as wide; a multiple of `side` pixels where that fits."""
    room = max(2, min(columns, 2 * rows))
    if room >= side:
        room -= room % side
    elif room > side / 2:
        room -= room % 2
    else:
        room = max(room - room % 2, 2)
    return room, (room + 1) // 2
