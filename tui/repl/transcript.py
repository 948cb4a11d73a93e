"""Transcript of inputs and responses, newest at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.timer import Timer

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.repl.transcript_entry import TranscriptEntry
from tui.ui.sheet import Sheet
from tui.ui.span import Row

LEAST_SECONDS = 1 / 30
EmptyRows = Callable[[int, int], Sequence[Row]]


class Transcript(Sheet):
    """Scrolls with new entries while it is at its end. `empty_rows` are shown while there are no entries."""

    SCOPE: ClassVar[Scope] = "transcript"
    BINDINGS = all_keys.bindings("transcript")

    def __init__(self, entries: list[TranscriptEntry], empty_rows: EmptyRows, **widget: Any) -> None:
        super().__init__(**widget)
        self._entries, self._empty_rows = entries, empty_rows
        self._pending: Timer | None = None

    def rows(self, width: int) -> Sequence[Row]:
        if not self._entries:
            return self._empty_rows(width, self.size.height)
        rows: list[Row] = []
        for entry in self._entries:
            rows += [*entry.rows(width), ()]
        return rows

    def update_soon(self) -> None:
        """Draws the entries within LEAST_SECONDS, once for several changes."""
        if self._pending is None and self.is_mounted:
            self._pending = self.set_timer(LEAST_SECONDS, self._draw_now)

    def _draw_now(self) -> None:
        self._pending = None
        self.draw()

    def draw(self) -> None:
        """Stays at the end, also where a scroll bar takes a cell and the rows become more."""
        follow = self.is_at_end
        super().draw()
        if follow and self.is_mounted:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def scroll_to_entry(self, entry: TranscriptEntry) -> None:
        """Scrolls its first line to the top, where the rows after it fill the widget; else to the end."""
        self._draw_now()
        above = self._entries[: self._entries.index(entry)] if entry in self._entries else []
        width = self.scrollable_content_region.width
        top = sum(len(one.rows(width)) + 1 for one in above)
        self.scroll_to(y=min(top, self.max_scroll_y), animate=False, force=True, immediate=True)

    def scroll_to_newest(self) -> None:
        self._draw_now()
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
