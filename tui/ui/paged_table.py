"""A table of rows that are fetched page by page: only what is visible is held and drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import changed_cells, merge_spans
from tui.ui.pages import EntryT, Pages, QueryT
from tui.ui.span import Row, Span, fitted
from tui.ui.styles import styles_of


class PagedTable(ScrollView, Generic[QueryT, EntryT], can_focus=True):
    """A header over rows with a cursor that stays on its entry when rows move.

    A table declares its keys and draws its header and rows.
    """

    DEFAULT_CSS = "PagedTable { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }"
    EMPTY_LINE: ClassVar[int] = 2
    """line of the widget on which `empty_row` is drawn"""

    @dataclass
    class Missing(Message):
        """Visible rows have to be fetched, by these queries."""

        queries: Sequence[Any]

    def __init__(self, pages: Pages[QueryT, EntryT], **widget: Any) -> None:
        super().__init__(**widget)
        self.entries = pages
        self.cursor = 0
        self.empty_row: Callable[[], Row] = tuple
        """what is drawn in place of rows where there are none"""
        self._painted: dict[int, Row] = {}

    # --- what a table draws ------------------------------------------------------------------------------

    def header_row(self) -> Row:
        raise NotImplementedError

    def entry_row(self, entry: EntryT) -> Row:
        raise NotImplementedError

    def find_cursor(self) -> int | None:
        """The index of the entry on which the cursor belongs; None where it is not loaded."""
        raise NotImplementedError

    def cursor_placed(self, *, found: bool) -> None:
        """The cursor is on its entry, or `found` is False and it is on the one that is in its place."""

    def cursor_moved(self) -> None:
        """The user has moved the cursor, or selected its row again."""

    # --- data --------------------------------------------------------------------------------------------

    @property
    def entry(self) -> EntryT | None:
        """The entry under the cursor."""
        return self.entries.at(self.cursor)

    @property
    def visible_rows(self) -> tuple[int, int]:
        """First and last visible row."""
        return self.scroll_offset.y, self.scroll_offset.y + max(1, self.size.height) - 2

    def pages_changed(self) -> None:
        """Rows were added, removed or moved: restore the cursor, repaint, request missing rows."""
        found = self.find_cursor()
        last = max(0, self.entries.matching - 1)
        before, self.cursor = self.cursor, min(self.cursor if found is None else found, last)
        self._set_height()
        self.repaint()
        if self.cursor != before:
            self._scroll_to_cursor()
        self.cursor_placed(found=found is not None)
        self.request_missing()

    def rows_changed(self, rows: Iterable[int]) -> None:
        """Refresh those of these rows that are visible and differ."""
        first, last = self.visible_rows
        for index in rows:
            if first <= index <= last and index in self._painted:
                old, new = self._painted[index], self._compose_row(index)
                change = changed_cells(old, new)
                if change is not None:
                    self._painted[index] = new
                    self.refresh(Region(change[0], index - first + 1, change[1], 1))

    def request_missing(self) -> None:
        """Post Missing for the visible rows that are not loaded."""
        first, last = self.visible_rows
        queries = self.entries.missing(first, max(first, min(last, self.entries.matching - 1)))
        if queries:
            self.post_message(self.Missing(queries))

    # --- keys and mouse ----------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.move_to(self.cursor + pages * max(1, self.size.height - 2))

    def on_click(self, event: events.Click) -> None:
        if event.y > 0:
            self.move_to(event.y - 1 + self.scroll_offset.y)

    def move_to(self, index: int) -> None:
        index = max(0, min(index, self.entries.matching - 1))
        if index != self.cursor:
            old, self.cursor = self.cursor, index
            self._refresh_row(old)
            self._refresh_row(index)
            self._scroll_to_cursor()
        self.cursor_moved()

    def _scroll_to_cursor(self) -> None:
        first, last = self.visible_rows
        if self.cursor < first:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor > last:
            self.scroll_to(y=self.cursor - (last - first), animate=False, immediate=True)

    # --- drawing -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)

    def _restyle(self) -> None:
        self.refresh()

    def on_resize(self) -> None:
        self._set_height()
        self.repaint()
        self._scroll_to_cursor()
        self.request_missing()

    def _set_height(self) -> None:
        size = Size(self.size.width, self.entries.matching + 1)
        if size != self.virtual_size:
            self.virtual_size = size

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._painted.clear()
        self.request_missing()

    def on_focus(self) -> None:
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        self._refresh_row(self.cursor)

    def repaint(self) -> None:
        """Draw every visible row again."""
        self._painted.clear()
        self.refresh()

    def _refresh_row(self, index: int) -> None:
        first, last = self.visible_rows
        if first <= index <= last:
            self.refresh(Region(0, index - first + 1, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return self._strip(self.header_row())
        index = y - 1 + self.scroll_offset.y
        if index >= self.entries.matching:
            is_empty = y == self.EMPTY_LINE and not self.entries.matching
            return self._strip(self.empty_row() if is_empty else ())
        row = self._painted[index] = self._compose_row(index)
        return self._strip(row, is_cursor=index == self.cursor)

    def _compose_row(self, index: int) -> Row:
        entry = self.entries.at(index)
        row = self.entry_row(entry) if entry is not None else (Span(f" {glyphs().cut}", "muted"),)
        return merge_spans(fitted(row, self.size.width))

    def _strip(self, row: Row, *, is_cursor: bool = False) -> Strip:
        width, styles = self.size.width, styles_of(self.app)
        over = (styles.cursor if self.has_focus else styles.resting) if is_cursor else None
        text = styles["text"]
        segments = []
        for span in merge_spans(fitted(row, width)):
            style = styles[span.style_name] if span.style_name else text
            if over is not None:
                style = (text if styles.is_plain and self.has_focus else style) + over
            segments.append(Segment(span.text, style))
        return Strip(segments, width).apply_style(self.rich_style)
