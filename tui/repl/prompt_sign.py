"""Sign in front of the prompt: the direction of the model."""

from __future__ import annotations

from typing import Any

from tui.terminal.glyphs import glyphs
from tui.ui.line import Line
from tui.ui.span import Row, Span


class PromptSign(Line):
    """Points to the right; to the left for a reversed model."""

    DEFAULT_CSS = "PromptSign { width: 3; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._reverse = False

    def set_direction(self, reverse: bool) -> None:
        self._reverse = reverse
        self.draw()

    def row(self, width: int) -> Row:
        return (Span(f" {glyphs().choice[0 if self._reverse else 1]} ", "key"),)
