"""Rows of text that a callback composes for the width of the widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tui.ui.sheet import Sheet
from tui.ui.span import Row
from tui.ui.wrap import wrap_text

Compose = Callable[[int], Sequence[Row]]


class TextRows(Sheet, can_focus=False):
    """Takes no focus and has no scrollbar."""

    DEFAULT_CSS = "TextRows { scrollbar-size: 0 0; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._compose_rows: Compose = lambda width: ()

    def update(self, compose: Compose) -> None:
        self._compose_rows = compose
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        return self._compose_rows(width)


def paragraph(text: str, width: int, style_name: str = "muted") -> list[Row]:
    return wrap_text(text, width, style_name)
