"""The table of trials or groups: a virtual list whose visible rows are fetched page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.sweep_protocol import SweepSpec, TrialQuery, TrialRow
from tui.data.trial_pages import Entry, TrialPages, key_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.sweeps.columns import GAP, TrialColumn, arranged, columns_of, fitting_columns
from tui.terminal.glyphs import glyphs
from tui.ui.line import changed_cells, merge_spans
from tui.ui.span import Row, Span, fitted, justified, row_width
from tui.ui.styles import styles_of

SIGNS = 3


class TrialTable(ScrollView, can_focus=True):
    """Two cursors: one on a row, one on a column, by which keys sort, group and pin."""

    DEFAULT_CSS = "TrialTable { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }"
    SCOPE: ClassVar[Scope] = "trials"
    BINDINGS = all_keys.bindings(SCOPE)

    class Selected(Message):
        """The cursor is on another row."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TrialTable.Selected)

    class Opened(Message):
        """Enter was pressed on a trial or group."""

    class ColumnsChanged(Message):
        """Other columns are pinned, or another one is under the cursor."""

    @dataclass
    class Missing(Message):
        """Visible rows have to be fetched, by these queries."""

        queries: Sequence[TrialQuery]

    def __init__(self, pages: TrialPages, **widget: Any) -> None:
        super().__init__(**widget)
        self._pages = pages
        self._cursor = 0
        self._key: object = None
        self.marked: list[str] = []
        self.column_name = "value"
        self._columns: tuple[TrialColumn, ...] = ()
        self._shown: list[int] = []
        self._painted: dict[int, Row] = {}
        self._empty_row: Row = ()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)

    def _restyle(self) -> None:
        self.refresh()

    # --- data ------------------------------------------------------------------------------------------

    @property
    def selected(self) -> Entry | None:
        return self._pages.at(self._cursor)

    @property
    def columns(self) -> tuple[TrialColumn, ...]:
        return self._columns

    @property
    def column(self) -> TrialColumn | None:
        return next((column for column in self._columns if column.name == self.column_name), None)

    def set_columns(self, spec: SweepSpec | None, metrics: Iterable[str]) -> None:
        found = columns_of(spec, self._pages.query, metrics) if spec is not None else ()
        self._columns = arranged(found, self.marked) if found else ()
        if self._columns and self.column is None:
            self.column_name = self._columns[0].name
        self._repaint()

    def set_empty_row(self, row: Row) -> None:
        self._empty_row = row
        self.refresh()

    @property
    def visible_rows(self) -> tuple[int, int]:
        """First and last visible row."""
        return self.scroll_offset.y, self.scroll_offset.y + max(1, self.size.height) - 2

    def select(self, key: object) -> None:
        self._key = key
        self.pages_changed()

    def pages_changed(self) -> None:
        """Rows were added, removed or moved: restore the cursor, repaint, request missing rows."""
        found = self._pages.index_of(self._key)
        last = max(0, self._pages.matching - 1)
        moved = self._cursor != (cursor := min(found if found is not None else self._cursor, last))
        self._cursor = cursor
        size = Size(self.size.width, self._pages.matching + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self._repaint_changed()
        if moved:
            self._scroll_to_cursor()
        self._post_selected(keep=self._key is not None and found is None)
        self.request_missing()

    def request_missing(self) -> None:
        first, last = self.visible_rows
        queries = self._pages.missing(first, max(first, min(last, self._pages.matching - 1)))
        if queries:
            self.post_message(self.Missing(queries))

    # --- keys ------------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        self._move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self._cursor + pages * max(1, self.size.height - 2))

    def action_go_to(self, end: int) -> None:
        self._move_to(self._pages.matching - 1 if end else 0)

    def action_column(self, by: int) -> None:
        names = [column.name for column in self._columns]
        if names:
            here = names.index(self.column_name) if self.column_name in names else 0
            self.column_name = names[max(0, min(here + by, len(names) - 1))]
            self._repaint()
            self.post_message(self.ColumnsChanged())

    def action_mark(self) -> None:
        if self.column_name in self.marked:
            self.marked.remove(self.column_name)
        elif self._columns:
            self.marked.append(self.column_name)
        self._columns = arranged(self._columns, self.marked) if self._columns else ()
        self._repaint()
        self.post_message(self.ColumnsChanged())

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        if event.y > 0:
            self._move_to(event.y - 1 + self.scroll_offset.y)

    def _move_to(self, index: int) -> None:
        index = max(0, min(index, self._pages.matching - 1))
        if index != self._cursor:
            old, self._cursor = self._cursor, index
            self._refresh_row(old)
            self._refresh_row(index)
            self._scroll_to_cursor()
        self._post_selected()

    def _post_selected(self, *, keep: bool = False) -> None:
        if not keep:
            self._key = key_of(self.selected)
        self.post_message(self.Selected())

    def _scroll_to_cursor(self) -> None:
        first, last = self.visible_rows
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor > last:
            self.scroll_to(y=self._cursor - (last - first), animate=False, immediate=True)

    # --- drawing ---------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self._pages.matching + 1)
        self._repaint()
        self._scroll_to_cursor()
        self.request_missing()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._painted.clear()
        self.request_missing()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def _repaint(self) -> None:
        names = [column.name for column in self._columns]
        cursor = names.index(self.column_name) if self.column_name in names else 0
        kept = 1 + sum(name in self.marked for name in names[1:])
        self._shown = (
            fitting_columns(self._columns, kept, cursor, self.size.width - SIGNS - 1) if names else []
        )
        self._painted.clear()
        self.refresh()

    def _repaint_changed(self) -> None:
        """Refresh the visible rows that differ."""
        first, last = self.visible_rows
        for index in range(first, last + 1):
            old, new = self._painted.get(index), self._compose_row(index)
            change = changed_cells(old, new) if old is not None else (0, self.size.width)
            if change is not None:
                self._painted[index] = new
                self.refresh(Region(change[0], index - first + 1, change[1], 1))

    def _refresh_row(self, index: int) -> None:
        first, last = self.visible_rows
        if first <= index <= last:
            self.refresh(Region(0, index - first + 1, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._strip(self._header(), width)
        index = y - 1 + self.scroll_offset.y
        if index >= self._pages.matching:
            return self._strip(self._empty_row if y == 2 and not self._pages.matching else (), width)
        row = self._painted[index] = self._compose_row(index)
        return self._strip(row, width, is_cursor=index == self._cursor)

    def _header(self) -> Row:
        query, spans = self._pages.query, [Span(" " * SIGNS)]
        for place in self._shown:
            column = self._columns[place]
            mark = glyphs().mark if column.name in self.marked else ""
            sign = (
                (glyphs().falling if query.descending else glyphs().rising)
                if column.name == query.sort
                else ""
            )
            title = f"{mark}{column.title}"
            room = min(cell_len(title), column.width - len(sign))
            text = justified(justified(title, room) + sign, column.width, right=column.right)
            here = self.has_focus and column.name == self.column_name
            style_name = "picked" if here else "accent" if sign or mark else "muted"
            spans += [Span(text, style_name), Span(" " * GAP)]
        more = len(self._columns) - len(self._shown)
        if more > 0 and spans:
            spans.append(Span(f"+{more}", "muted"))
        return tuple(spans)

    def _compose_row(self, index: int) -> Row:
        entry = self._pages.at(index)
        if entry is None:
            blank = glyphs().cut if index < self._pages.matching else ""
            return fitted((Span(f" {blank}", "muted"),), self.size.width)
        pinned = isinstance(entry, TrialRow) and entry.pinned
        spans = [Span(f" {glyphs().mark if pinned else ' '} ", "accent")]
        for place in self._shown:
            column = self._columns[place]
            cell = column.cell(entry)
            size = row_width(cell)
            if size > column.width:
                cell, size = (*fitted(cell, column.width - 1), Span(glyphs().cut, "muted")), column.width
            pad = Span(" " * (column.width - size))
            spans += [pad, *cell] if column.right else [*cell, pad]
            spans.append(Span(" " * GAP))
        return merge_spans(fitted(tuple(spans), self.size.width))

    def _strip(self, row: Row, width: int, *, is_cursor: bool = False) -> Strip:
        styles = styles_of(self.app)
        over = (styles.cursor if self.has_focus else styles.resting) if is_cursor else None
        text = styles["text"]
        segments = []
        for span in merge_spans(fitted(row, width)):
            style = styles[span.style_name] if span.style_name else text
            if over is not None:
                style = (text if styles.is_plain and self.has_focus else style) + over
            segments.append(Segment(span.text, style))
        return Strip(segments, width).apply_style(self.rich_style)
