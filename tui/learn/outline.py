"""The sections of a lecture beside its text, those that were read marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from engine.course.reading import Lecture
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_row


class Outline(Sheet, can_focus=False, inherit_bindings=False):
    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._lecture: Lecture | None = None
        self._seen: Collection[str] = ()
        self._here = ""

    def update(self, lecture: Lecture, seen: Collection[str]) -> None:
        self._lecture, self._seen = lecture, seen
        self.draw()

    def select(self, section: str) -> None:
        if section != self._here:
            self._here = section
            self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._lecture is None:
            return ()
        found: list[Row] = [()]
        for number, section in enumerate(self._lecture.sections, 1):
            is_here = section.slug == self._here
            sign = glyphs().choice[1] if is_here else glyphs().dot if section.slug in self._seen else " "
            row = (
                Span(f" {sign} ", "key" if is_here else "good"),
                Span(f"{number} ", "muted"),
                Span(plain(section.title, limit=90), "strong" if is_here else "text"),
            )
            found += wrap_row(row, width - 1, 5)
        return found
