"""The terminal, both ways: the keyboard's bytes as events, the screen's in as few bytes as show it."""

from __future__ import annotations

from typing import Any

from tui.keyboard import Keyboard
from tui.pen import Pen


class Terminal(Keyboard):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._pen = Pen()

    def write(self, data: str) -> None:
        super().write(self._pen.terse(data))
