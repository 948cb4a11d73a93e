"""The sign in front of the prompt: where the words will come."""

from __future__ import annotations

from typing import Any

from tui.terminal.glyphs import glyphs
from tui.ui.line import Line
from tui.ui.span import Row, Span


class PromptSign(Line):
    """Points to the right; to the left for a model that reads backwards."""

    DEFAULT_CSS = "PromptSign { width: 3; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._reverse = False

    def turn(self, reverse: bool) -> None:
        self._reverse = reverse
        self.draw()

    def row(self, width: int) -> Row:
        return (Span(f" {glyphs().choice[0 if self._reverse else 1]} ", "key"),)
