"""A few rows that somebody else composes for the width at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tui.ui.sheet import Sheet
from tui.ui.span import Row
from tui.ui.wrap import wrapped

Compose = Callable[[int], Sequence[Row]]


class Notes(Sheet, can_focus=False):
    """Shows no more rows than it has."""

    DEFAULT_CSS = "Notes { scrollbar-size: 0 0; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._composed: Compose = lambda width: ()

    def show(self, compose: Compose) -> None:
        self._composed = compose
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        return self._composed(width)


def paragraph(text: str, width: int, style_name: str = "muted") -> list[Row]:
    return wrapped(text, width, style_name)
