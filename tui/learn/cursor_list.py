"""A list of lines with a cursor on one of its entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message

from tui.terminal.glyphs import glyphs
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span

ListRow = tuple[Row, int | None]
"""a line, and the entry that it belongs to"""
ComposeList = Callable[[int, int], Sequence[ListRow]]
"""the lines for a width and the entry under the cursor"""


class CursorList(Sheet, can_focus=False, inherit_bindings=False):
    """Lines that a callback composes. The view around it has the keys."""

    @dataclass
    class Opened(Message):
        """An entry was clicked."""

        entry: int

    def __init__(self, compose_list: ComposeList, **widget: Any) -> None:
        super().__init__(**widget)
        self._compose_list = compose_list
        self.cursor = 0
        self._entries: list[int | None] = []

    def rows(self, width: int) -> Sequence[Row]:
        found = self._compose_list(width, self.cursor)
        self._entries = [entry for _, entry in found]
        return [row for row, _ in found]

    @property
    def count(self) -> int:
        """The number of entries, as drawn last."""
        return max((entry for entry in self._entries if entry is not None), default=-1) + 1

    def move_to(self, entry: int) -> None:
        """Put the cursor there; beyond the last entry the lines below it are scrolled into sight."""
        beyond = entry - (self.count - 1)
        if beyond > 0 and self.cursor == self.count - 1:
            self.scroll_relative(y=min(beyond, max(1, self.size.height - 2)), animate=False)
            return
        entry = max(0, min(entry, self.count - 1))
        if entry != self.cursor and self.count:
            self.cursor = entry
            self.draw()
        self._show_cursor()

    def _show_cursor(self) -> None:
        lines = [line for line, entry in enumerate(self._entries) if entry == self.cursor]
        height = self.size.height
        if lines and lines[0] <= self.scroll_offset.y:
            self.scroll_to(y=0 if self.cursor == 0 else lines[0], animate=False)
        elif lines and lines[-1] >= self.scroll_offset.y + height:
            self.scroll_to(y=lines[-1] - height + 1, animate=False)

    def show_below(self) -> None:
        """Scroll to the lines below the last entry."""
        last = max((line for line, entry in enumerate(self._entries) if entry is not None), default=0)
        self.scroll_to(y=last + 1, animate=False)

    def page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 2))

    def on_click(self, event: events.Click) -> None:
        line = event.y + self.scroll_offset.y
        entry = self._entries[line] if 0 <= line < len(self._entries) else None
        if entry is not None:
            self.move_to(entry)
            self.post_message(self.Opened(entry))


def cursor_sign(is_here: bool) -> Span:
    return Span(f" {glyphs().choice[1] if is_here else ' '} ", "key")
