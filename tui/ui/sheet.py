"""A scrollable widget of lines that repaints only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.messages import SwitchPane
from tui.ui.line_widget import changed_cells, fit_or_cut, merge_spans, strip_of
from tui.ui.span import Row
from tui.ui.styles import styles_of


class Sheet(ScrollView, can_focus=True):
    """Rows of spans, as wide as the widget."""

    DEFAULT_CSS = "Sheet { scrollbar-size: 1 1; overflow-x: hidden; }"
    SCOPE: ClassVar[Scope] = "pane"
    BINDINGS = all_keys.bindings(SCOPE)

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._rows: list[Row] = []

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)
        self.watch(self, "show_vertical_scrollbar", self.draw, init=False)
        self.call_later(self.draw)  # its size may have come before it was mounted

    def _restyle(self) -> None:
        self.refresh()

    def on_resize(self) -> None:
        self.draw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows) or len(self.rows(width))

    @property
    def drawn_rows(self) -> Sequence[Row]:
        """The rows as they were drawn last."""
        return self._rows

    @property
    def is_at_end(self) -> bool:
        return self.scroll_offset.y >= self.max_scroll_y

    def rows(self, width: int) -> Sequence[Row]:
        """The rows; what exceeds `width` cells is cut."""
        return ()

    def draw(self) -> None:
        """Compose the rows again and repaint those that differ."""
        width = self.scrollable_content_region.width
        if not self.is_mounted or not width:
            return
        old, self._rows = self._rows, [merge_spans(fit_or_cut(row, width)) for row in self.rows(width)]
        if len(old) != len(self._rows):
            self.virtual_size = Size(width, len(self._rows))
            self.refresh()
            return
        for y, row in enumerate(self._rows):
            change = changed_cells(old[y], row)
            if change is not None:
                self.refresh(Region(change[0], y - self.scroll_offset.y, change[1], 1))

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        row = self._rows[index] if index < len(self._rows) else ()
        strip = strip_of(row, styles_of(self.app))
        below = self.row_style(index)
        return (strip if below is None else strip.apply_style(below)).apply_style(self.rich_style)

    def row_style(self, index: int) -> Style | None:
        """What is below the styles of a row, such as that of a cursor."""
        return None

    def action_turn(self, by: int) -> None:
        self.post_message(SwitchPane(by))

    def action_scroll(self, rows: int) -> None:
        self.scroll_relative(y=rows, animate=False)

    def action_scroll_sideways(self, direction: int) -> None:
        """Does nothing here; for sheets with lines longer than their width."""

    def action_scroll_page(self, pages: int) -> None:
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False)

    def action_scroll_to(self, end: int) -> None:
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False, force=True)
