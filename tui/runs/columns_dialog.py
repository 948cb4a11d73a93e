"""The dialog that chooses, orders and resizes the columns of the run table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from tui.dialogs.dialog import Dialog, KeyLine
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.runs.chosen_columns import LEAST, MOST, ColumnChoice
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, fitted, justified

STEP = 2
"""cells by which a key resizes a column"""
USUAL = 10
NAME = 30


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A line of the dialog."""

    choice: ColumnChoice
    about: str
    shown: bool


@dataclass(frozen=True, slots=True)
class ChosenColumns:
    """The columns of the table; none: by the room there is. `sort`: the field to sort by, or empty."""

    columns: tuple[ColumnChoice, ...]
    sort: str = ""


class ColumnList(Sheet):
    """A line for each column, those of the table first and in its order."""

    SCOPE: ClassVar[Scope] = "columns"
    BINDINGS = all_keys.bindings(SCOPE)

    class Sorted(Message):
        """Sort by the column under the cursor."""

    class Automatic(Message):
        """Choose the columns by the room there is."""

    def __init__(self, entries: Sequence[ColumnEntry]) -> None:
        super().__init__()
        self.entries = list(entries)
        self.cursor = 0
        self.is_changed = False

    def rows(self, width: int) -> Sequence[Row]:
        size = min(NAME, max(cell_len(plain(entry.choice.name)) for entry in self.entries))
        return [self._row(place, entry, size, width) for place, entry in enumerate(self.entries)]

    def _row(self, place: int, entry: ColumnEntry, size: int, width: int) -> Row:
        is_here = place == self.cursor
        mark = glyphs().mark if entry.shown else " "
        given = f"{entry.choice.width} wide" if entry.choice.width else ""
        row = (
            Span(f"{glyphs().choice[1] if is_here else ' '} ", "key"),
            Span(f"{mark} ", "good"),
            Span(justified(plain(entry.choice.name, limit=size), size), "key" if is_here else "text"),
            Span(f"  {given:8}{plain(entry.about, limit=80)}", "muted"),
        )
        return fitted(row, width)

    def action_step(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.entries) - 1))
        self._update()

    def action_toggle_column(self) -> None:
        """Show the column behind the last one of the table, or hide it."""
        entry = self.entries.pop(self.cursor)
        count = sum(one.shown for one in self.entries)
        self.entries.insert(count, replace(entry, shown=not entry.shown))
        self.cursor = count if not entry.shown else min(self.cursor, len(self.entries) - 1)
        self._update(changed=True)

    def action_shift(self, by: int) -> None:
        """Move a column of the table one place."""
        to = self.cursor + by
        if 0 <= to < len(self.entries) and self.entries[self.cursor].shown and self.entries[to].shown:
            self.entries.insert(to, self.entries.pop(self.cursor))
            self.cursor = to
            self._update(changed=True)

    def action_resize(self, by: int) -> None:
        entry = self.entries[self.cursor]
        width = max(LEAST, min(MOST, (entry.choice.width or USUAL) + by * STEP))
        self.entries[self.cursor] = replace(entry, choice=replace(entry.choice, width=width))
        self._update(changed=entry.shown)

    def action_sort(self) -> None:
        self.post_message(self.Sorted())

    def action_automatic(self) -> None:
        self.post_message(self.Automatic())

    def _update(self, *, changed: bool = False) -> None:
        self.is_changed |= changed
        self.draw()
        first = self.scroll_offset.y
        if not first <= self.cursor < first + self.size.height:
            self.scroll_to(y=max(0, self.cursor - self.size.height // 2), animate=False)


class ColumnsScreen(Dialog[ChosenColumns]):
    """Dismissed with the columns, or None."""

    AUTO_FOCUS = "ColumnList"

    def __init__(self, entries: Sequence[ColumnEntry], before: Sequence[ColumnChoice]) -> None:
        super().__init__()
        self._list, self._before = ColumnList(entries), tuple(before)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = "columns of the table"
            yield self._list
            yield KeyLine(
                (("dialog.accept", "done"), ("columns.toggle", "show or hide"), ("columns.later", "move"),
                 ("columns.wider", "wider"), ("columns.narrower", "narrower"), ("columns.sort", "sort by it"),
                 ("columns.automatic", "automatic"), ("dialog.cancel", "back"))
            )  # fmt: skip

    @property
    def _columns(self) -> tuple[ColumnChoice, ...]:
        """Those of before where nothing was changed: the automatic ones stay automatic."""
        if not self._list.is_changed:
            return self._before
        return tuple(entry.choice for entry in self._list.entries if entry.shown)

    def action_accept(self) -> None:
        self.dismiss(ChosenColumns(self._columns))

    @on(ColumnList.Sorted)
    def _sort(self) -> None:
        self.dismiss(ChosenColumns(self._columns, self._list.entries[self._list.cursor].choice.name))

    @on(ColumnList.Automatic)
    def _choose_automatic(self) -> None:
        self.dismiss(ChosenColumns(()))
