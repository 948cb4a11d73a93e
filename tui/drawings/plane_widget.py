"""The input plane as a widget: two values per cell, with axes."""

from __future__ import annotations

from typing import Any

from tui.drawings.cell_rows import CellRow, CellRows
from tui.drawings.heat import colour_mode_of
from tui.drawings.plane_cells import MARGIN, PlaneCell, PlaneScene, picture, with_axes


def columns_beside(width: int) -> int:
    """How many columns a plane may have, so that a drawing and a truth table fit beside it."""
    return max(round(width * 0.4), width - 60)


class Plane(CellRows):
    """Square on the screen: twice as many columns as rows. `axes`: x1 and x2 with ticks at 0 and 1."""

    DEFAULT_CSS = "Plane { width: 32; height: 16; }"

    def __init__(self, *, axes: bool = True, **widget: Any) -> None:
        super().__init__(**widget)
        self._margin = (MARGIN, 1) if axes else (0, 0)
        self._scene: PlaneScene | None = None
        self._text = ""
        self.rows = 16
        """its height, set by `fit`"""

    @property
    def request_size(self) -> dict[str, int]:
        """The width and height of the grid of values to request, as parameters of `LookRequest`."""
        width, height = self._inner
        fine = 2 if colour_mode_of(self.app) == "colour" else 1
        return {"width": max(1, min(width, 400)), "height": max(1, min(fine * height, 400))}

    @property
    def _inner(self) -> tuple[int, int]:
        """Width and height without the axes."""
        return self.size.width - self._margin[0], self.size.height - self._margin[1]

    def fit(self, width: int, height: int) -> None:
        """Set the size to the largest square that fits into so many cells with its axes.

        The number of rows is odd: 0 and 1 then lie in the middle of a cell, and no cell has its middle on a
        line such as x + y = 0.5, where a sharp threshold is neither on nor off.
        """
        rows = max(1, min(height - self._margin[1], (width - self._margin[0]) // 2))
        rows -= 1 - rows % 2
        self.rows = rows + self._margin[1]
        self.styles.width, self.styles.height = 2 * rows + self._margin[0], self.rows

    def update(self, scene: PlaneScene | None, text: str = "") -> None:
        """Draw a scene; without one, `text` in the middle."""
        self._scene, self._text = scene, text
        self.draw()

    def cell_rows(self, width: int, height: int) -> list[CellRow]:
        if self._scene is not None:
            inner, mode = self._inner, colour_mode_of(self.app)
            rows = picture(self._scene, max(1, inner[0]), max(1, inner[1]), mode)
            return with_axes(rows, max(1, inner[0]), mode) if self._margin[1] else rows
        text, blank = (
            PlaneCell(self._text[:width].center(width), "muted", ""),
            PlaneCell(" " * width, "", ""),
        )
        return [(text,) if y == height // 2 else (blank,) for y in range(height)]
