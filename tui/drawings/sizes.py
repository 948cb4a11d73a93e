"""How large a square picture can be where there is so much room."""

from __future__ import annotations


def sized(side: int, columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows of cells, a cell being twice as high as wide: a multiple of `side` where one fits."""
    room = max(2, min(columns, 2 * rows))
    if room >= side:
        room -= room % side
    elif room > side / 2:
        room -= room % 2
    else:
        room = max(room - room % 2, 2)
    return room, (room + 1) // 2
