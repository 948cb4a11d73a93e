"""The widget of a failure map: its cells, scrolled so that the cursor is visible."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawings.heat import Heat, colour_mode_of
from tui.drawings.plane_cells import PlaneCell
from tui.xor.failure_map_cells import FailureMap
from tui.xor.failure_map_rows import MapWindow, head_of, row_of, window


class MapGrid(Widget):
    """Only changed rows are refreshed."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._found: FailureMap | None = None
        self._cursor = (0, 0)
        self._window: MapWindow | None = None
        self._rows: list[tuple[PlaneCell, ...]] = []
        self._heat: Heat | None = None
        self._made: dict[tuple[int, bool], tuple[PlaneCell, ...]] = {}
        self._made_of: FailureMap | None = None

    @property
    def visible_rows(self) -> int:
        return self._window.rows if self._window is not None else 1

    def update(self, found: FailureMap | None, cursor: tuple[int, int]) -> None:
        self._found, self._cursor = found, cursor
        self._draw()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)
        self.call_later(self._draw)  # its size may have come before it was mounted

    def on_resize(self) -> None:
        self._draw()

    def _restyle(self) -> None:
        self._heat = None
        self._made.clear()
        self._draw()
        self.refresh()

    def _draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or not width or not height:
            return
        old, self._rows = self._rows, []
        if self._found is not None and self._found.cells:
            self._rows = self._picture(self._found, width, height)
        if len(old) != len(self._rows):
            self.refresh()
            return
        for y, row in enumerate(self._rows):
            if row is not old[y] and row != old[y]:
                self.refresh(Region(0, y, width, 1))

    def _picture(self, found: FailureMap, width: int, height: int) -> list[tuple[PlaneCell, ...]]:
        """All rows; those without the cursor are cached for one map and window."""
        view, mode = window(found, self._cursor, width, height, self._window), colour_mode_of(self.app)
        if view != self._window or found is not self._made_of:
            self._made.clear()
        self._window, self._made_of = view, found
        rows = head_of(found, view, mode)
        for line in range(view.tall * min(view.rows, len(found.cells) - view.top)):
            y, is_middle = view.top + line // view.tall, line % view.tall == view.tall // 2
            if y == self._cursor[1]:
                rows.append(row_of(found, y, self._cursor, view, mode, is_middle=is_middle))
                continue
            if (y, is_middle) not in self._made:
                self._made[y, is_middle] = row_of(found, y, (-1, -1), view, mode, is_middle=is_middle)
            rows.append(self._made[y, is_middle])
        return rows

    def render_line(self, y: int) -> Strip:
        if self._heat is None:
            self._heat = Heat(self.app)
        row = self._rows[y] if y < len(self._rows) else ()
        segments = [Segment(tile.text, self._heat.style(tile.style_name, tile.ground)) for tile in row]
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self.rich_style)
