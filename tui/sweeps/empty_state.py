"""What one sees before there is any sweep."""

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
    """Has the focus, so that the keys of the tab are heard."""

    SCOPE: ClassVar[Scope] = "sweep"

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap
        self._waits = ""

    def wait_for(self, words: str) -> None:
        """Why the sweeps are not known yet; empty once they are."""
        if words != self._waits:
            self._waits = words
            self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._waits:
            return ((), (Span(f" {self._waits}", "muted"),))
        key = self._keymap.shown("sweep.new", ascii_only=glyphs().ascii_only)
        room = min(width - 2, WIDTH)
        start = (Span(f"  {key}", "key"), Span("  set up a sweep", "text"))
        lines = [*paragraph(WORDS, room, "text"), (), start, (), *paragraph(THEN, room)]
        return [(), *((Span(" "), *line) for line in lines)]
