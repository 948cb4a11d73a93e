"""A plane drawn with two values to a cell; rows that did not change are not drawn again."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.heat import Heat, look_of
from tui.widgets.plane_picture import PlaneScene, Tile, picture


class Plane(Widget):
    """As wide as it is high on the screen when it has twice as many columns as rows."""

    DEFAULT_CSS = "Plane { width: 32; height: 16; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._scene: PlaneScene | None = None
        self._rows: list[tuple[Tile, ...]] = []
        self._heat: Heat | None = None
        self._words = ""
        self.rows = 16
        """how high it is, once it is laid out"""

    @property
    def wanted(self) -> dict[str, int]:
        """The size in which to ask for its values."""
        width, height = self.size
        fine = 2 if look_of(self.app) == "colour" else 1
        return {"width": max(1, min(width, 400)), "height": max(1, min(fine * height, 400))}

    def fit(self, width: int, height: int) -> None:
        """The largest square that fits into so many cells.

        Of an odd number of rows: 0 and 1 then lie in the middle of a cell, and none has its middle where
        x + y = 0.5, say: there a sharp threshold is neither on nor off.
        """
        rows = max(1, min(height, width // 2))
        rows -= 1 - rows % 2
        self.rows = rows
        self.styles.width, self.styles.height = 2 * rows, rows

    def show(self, scene: PlaneScene | None, words: str = "") -> None:
        """`words` stand in the middle while there is nothing else."""
        self._scene, self._words = scene, words
        self._draw()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._dress, init=False)

    def on_resize(self) -> None:
        self._draw()

    def _dress(self) -> None:
        self._heat = None
        self._draw()
        self.refresh()

    def _draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or not width or not height:
            return
        old, self._rows = self._rows, self._picture(width, height)
        if len(old) != height:
            self.refresh()
            return
        for y, row in enumerate(self._rows):
            if row != old[y]:
                self.refresh(Region(0, y, width, 1))

    def _picture(self, width: int, height: int) -> list[tuple[Tile, ...]]:
        if self._scene is not None:
            return picture(self._scene, width, height, look_of(self.app))
        words, blank = Tile(self._words[:width].center(width), "muted", ""), Tile(" " * width, "", "")
        return [(words,) if y == height // 2 else (blank,) for y in range(height)]

    def render_line(self, y: int) -> Strip:
        if self._heat is None:
            self._heat = Heat(self.app)
        row = self._rows[y] if y < len(self._rows) else ()
        segments = [Segment(tile.text, self._heat.style(tile.ink, tile.ground)) for tile in row]
        return Strip(segments).apply_style(self.rich_style)
