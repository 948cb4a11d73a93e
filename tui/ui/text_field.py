"""A text input without control characters."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.widgets import Input

from tui.terminal.plain_text import plain

LONGEST = 1_000


class TextField(Input):
    """One line high, its cursor does not blink; a paste is cut to the room that is left."""

    PASTE: ClassVar[int] = 500
    """characters at most of one paste"""

    def __init__(self, value: str = "", *, most: int = LONGEST, **widget: Any) -> None:
        super().__init__(plain(value, limit=most), compact=True, max_length=most, **widget)
        self.cursor_blink = False
        self._most = most

    def validate_value(self, value: str) -> str:
        return plain(value, limit=LONGEST)

    @property
    def room(self) -> int:
        """Characters that a paste may have now."""
        free = self._most - len(self.value) + abs(self.selection.end - self.selection.start)
        return min(free, self.PASTE)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        room = self.room
        line = event.text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
        if line and room > 0:
            self.replace(plain(line[:room])[:room], *self.selection)
