"""All that was said, newest at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.timer import Timer

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.repl.entry import TranscriptEntry
from tui.ui.sheet import Sheet
from tui.ui.span import Row

LEAST_SECONDS = 1 / 30
Greeting = Callable[[int, int], Sequence[Row]]


class Transcript(Sheet):
    """Stays at its end while it grows, unless somebody looks at what was said before."""

    SCOPE: ClassVar[Scope] = "transcript"
    BINDINGS = all_keys.bindings("transcript")

    def __init__(self, entries: list[TranscriptEntry], greeting: Greeting, **widget: Any) -> None:
        super().__init__(**widget)
        self._entries, self._greeting = entries, greeting
        self._pending: Timer | None = None

    def rows(self, width: int) -> Sequence[Row]:
        if not self._entries:
            return self._greeting(width, self.size.height)
        rows: list[Row] = []
        for entry in self._entries:
            rows += [*entry.rows(width), ()]
        return rows

    def grow(self) -> None:
        """Something was said; drawn soon, and once for many words."""
        if self._pending is None and self.is_mounted:
            self._pending = self.set_timer(LEAST_SECONDS, self._draw_now)

    def _draw_now(self) -> None:
        self._pending = None
        follow = self.is_at_end
        self.draw()
        if follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def to_entry(self, entry: TranscriptEntry) -> None:
        """Its first line at the top, where what follows fills the window; else to the end."""
        self._draw_now()
        above = self._entries[: self._entries.index(entry)] if entry in self._entries else []
        width = self.scrollable_content_region.width
        top = sum(len(one.rows(width)) + 1 for one in above)
        self.scroll_to(y=min(top, self.max_scroll_y), animate=False, force=True, immediate=True)

    def to_end(self) -> None:
        self._draw_now()
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
