"""A widget of rows of coloured cells; only changed rows are refreshed."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawings.heat import Heat
from tui.drawings.plane_cells import PlaneCell

CellRow = tuple[PlaneCell, ...]


class CellRows(Widget):
    """Draws what `cell_rows` returns, again when the size or the theme changes."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._rows: list[CellRow] = []
        self._heat: Heat | None = None

    def cell_rows(self, width: int, height: int) -> list[CellRow]:
        """The rows for a size in cells."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.restyle, init=False)
        self.call_later(self.draw)  # its size may have come before it was mounted

    def on_resize(self) -> None:
        self.draw()

    def restyle(self) -> None:
        """Draw all in the colours of the theme."""
        self._heat = None
        self.draw()
        self.refresh()

    def draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or not width or not height:
            return
        old, self._rows = self._rows, self.cell_rows(width, height)
        if len(old) != len(self._rows):
            self.refresh()
            return
        for y, row in enumerate(self._rows):
            if row is not old[y] and row != old[y]:
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        if self._heat is None:
            self._heat = Heat(self.app)
        row = self._rows[y] if y < len(self._rows) else ()
        segments = [Segment(cell.text, self._heat.style(cell.style_name, cell.ground)) for cell in row]
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self.rich_style)
