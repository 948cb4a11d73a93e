"""The table of the trials or groups of a sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.message import Message

from engine.sweep_protocol import SweepSpec, TrialGroup, TrialQuery, TrialRow
from tui.data.trial_pages import Entry, TrialPages, key_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.sweeps.trial_columns import GAP, TrialColumn, arranged, columns_of, fitting_columns
from tui.terminal.glyphs import glyphs
from tui.ui.paged_table import PagedTable
from tui.ui.span import Row, Span, fitted, justified, row_width

SIGNS = 3


class TrialTable(PagedTable[TrialQuery, Entry]):
    """Two cursors: one on a row, one on a column, by which keys sort, group and pin."""

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

    def __init__(self, pages: TrialPages, **widget: Any) -> None:
        super().__init__(pages, **widget)
        self._key: object = None
        self.marked: list[str] = []
        self.column_name = "value"
        self._columns: tuple[TrialColumn, ...] = ()
        self._shown: list[int] = []

    # --- data ------------------------------------------------------------------------------------------

    @property
    def selected(self) -> Entry | None:
        return self.entry

    @property
    def trial(self) -> TrialRow | None:
        """The trial under the cursor; of a group its best."""
        entry = self.entry
        return entry.best if isinstance(entry, TrialGroup) else entry

    @property
    def columns(self) -> tuple[TrialColumn, ...]:
        return self._columns

    @property
    def column(self) -> TrialColumn | None:
        return next((column for column in self._columns if column.name == self.column_name), None)

    def set_columns(self, spec: SweepSpec | None, metrics: Iterable[str]) -> None:
        found = columns_of(spec, self.entries.query, metrics) if spec is not None else ()
        self._columns = arranged(found, self.marked) if found else ()
        if self._columns and self.column is None:
            self.column_name = self._columns[0].name
        self.repaint()

    def select(self, key: object) -> None:
        self._key = key
        self.pages_changed()

    def find_cursor(self) -> int | None:
        return self.entries.index_of(self._key)

    def cursor_placed(self, *, found: bool) -> None:
        if found or self._key is None:
            self._key = key_of(self.entry)
        self.post_message(self.Selected())

    def cursor_moved(self) -> None:
        self.cursor_placed(found=True)

    # --- keys ------------------------------------------------------------------------------------------

    def action_go_to(self, end: int) -> None:
        self.move_to(self.entries.matching - 1 if end else 0)

    def action_column(self, by: int) -> None:
        names = [column.name for column in self._columns]
        if names:
            here = names.index(self.column_name) if self.column_name in names else 0
            self.column_name = names[max(0, min(here + by, len(names) - 1))]
            self.repaint()
            self.post_message(self.ColumnsChanged())

    def action_mark(self) -> None:
        if self.column_name in self.marked:
            self.marked.remove(self.column_name)
        elif self._columns:
            self.marked.append(self.column_name)
        self._columns = arranged(self._columns, self.marked) if self._columns else ()
        self.repaint()
        self.post_message(self.ColumnsChanged())

    def action_open(self) -> None:
        self.post_message(self.Opened())

    # --- drawing ---------------------------------------------------------------------------------------

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def repaint(self) -> None:
        names = [column.name for column in self._columns]
        cursor = names.index(self.column_name) if self.column_name in names else 0
        kept = 1 + sum(name in self.marked for name in names[1:])
        self._shown = (
            fitting_columns(self._columns, kept, cursor, self.size.width - SIGNS - 1) if names else []
        )
        super().repaint()

    def header_row(self) -> Row:
        query, spans = self.entries.query, [Span(" " * SIGNS)]
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

    def entry_row(self, entry: Entry) -> Row:
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
        return tuple(spans)
