"""The line above the trials that has the brushes as a filter."""

from __future__ import annotations

from typing import Any

from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.line_widget import Line, left_and_right
from tui.ui.span import Row, Span


class BrushLine(Line):
    """The brushes as a filter, and the number of trials that pass; visible while there is a brush."""

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap
        self._brushed, self._counts = "", ""

    def on_mount(self) -> None:
        super().on_mount()
        self.display = bool(self._brushed)

    def update(self, brushed: str, counts: str) -> None:
        self._brushed, self._counts = plain(brushed, limit=600), counts
        self.display = bool(brushed)
        self.draw()

    def row(self, width: int) -> Row:
        key = self._keymap.shown("sweep.clear", ascii_only=glyphs().ascii_only)
        left = (Span(f" {glyphs().mark} brushed  ", "accent"), Span(self._brushed, "text"))
        right = (Span(f"  {self._counts}   ", "muted"), Span(key, "key"), Span(" shows all ", "muted"))
        return left_and_right(left, right, width)
