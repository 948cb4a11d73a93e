"""Where the charts of a grid are: 2x2 to 4x4 of them on a page, by the size of the widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_WIDTH, LEAST_HEIGHT = 28, 7
"""cells of a chart with its heading"""
MOST = 4
"""columns and rows"""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """Columns and rows of charts in `width` x `height` cells; what is left over goes to the first ones."""

    columns: int
    rows: int
    width: int
    height: int

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def lefts(self) -> list[int]:
        """The first cell of each column, and one past the last."""
        return _cuts(self.width, self.columns)

    def tops(self) -> list[int]:
        """The first line of each row, and one past the last."""
        return _cuts(self.height, self.rows)

    def page_of(self, place: int) -> int:
        return place // self.per_page

    def pages(self, count: int) -> int:
        return max(1, -(-count // self.per_page))


def layout_for(width: int, height: int, count: int) -> GridLayout:
    """As many charts as have room, at most 4x4; larger ones where there are fewer."""
    columns = min(MOST, max(1, width // LEAST_WIDTH))
    rows = min(MOST, max(1, height // LEAST_HEIGHT))
    shapes = [
        (across, down)
        for across in range(1, columns + 1)
        for down in range(1, rows + 1)
        if across * down >= min(count, columns * rows)
    ]

    def waste(shape: tuple[int, int]) -> tuple[int, float]:
        """Empty places first, then how far a chart is from three times as wide as high."""
        return shape[0] * shape[1] - count, abs(width / shape[0] - 3 * height / shape[1])

    return GridLayout(*min(shapes, key=waste), width, height)


def group_of(name: str) -> str:
    """The prefix of a metric before its first `/`; empty without one."""
    return name.partition("/")[0] if "/" in name else ""


def headings(groups: Sequence[str], columns: int) -> list[list[str]]:
    """For each row of charts the text above each: its group where that begins or the row does, else empty."""
    rows = [groups[first : first + columns] for first in range(0, len(groups), columns)]
    return [
        [group if place == 0 or group != row[place - 1] else "" for place, group in enumerate(row)]
        for row in rows
    ]


def _cuts(size: int, parts: int) -> list[int]:
    return [size * place // parts for place in range(parts + 1)]
