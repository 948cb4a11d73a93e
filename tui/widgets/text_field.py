"""A line of typed or pasted text that holds nothing a terminal would act on."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input

from tui.plain_text import plain

LONGEST = 1_000


class TextField(Input):
    """One line high, a cursor that does not blink."""

    def __init__(self, value: str = "", *, most: int = LONGEST, **widget: Any) -> None:
        super().__init__(plain(value, limit=most), compact=True, max_length=most, **widget)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        return plain(value, limit=LONGEST)
