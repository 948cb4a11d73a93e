"""The screen while there is no sweep: what a sweep is, and how to start one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tui.keys.all_keys import Scope
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.notes import paragraph
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span

WORDS = "A sweep trains one experiment many times, with different parameters, and shows which of them matter."
THEN = (
    "Then: a table of all trials, parallel coordinates, the importance of each parameter, the best value so "
    "far, and a heat map of two parameters."
)
WIDTH = 76


class EmptyState(Sheet, can_focus=True, inherit_bindings=False):
    """Focusable, so that the keys of the tab work."""

    SCOPE: ClassVar[Scope] = "sweep"

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap
        self._waiting = ""

    def set_waiting(self, text: str) -> None:
        """Set why the sweeps are not loaded yet; empty once they are."""
        if text != self._waiting:
            self._waiting = text
            self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._waiting:
            return ((), (Span(f" {self._waiting}", "muted"),))
        key = self._keymap.shown("sweep.new", ascii_only=glyphs().ascii_only)
        room = min(width - 2, WIDTH)
        start = (Span(f"  {key}", "key"), Span("  set up a sweep", "text"))
        lines = [*paragraph(WORDS, room, "text"), (), start, (), *paragraph(THEN, room)]
        return [(), *((Span(" "), *line) for line in lines)]
