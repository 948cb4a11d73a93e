"""One thing that was said, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.protocol import Json
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, row_text
from tui.ui.wrap import wrap_text

EXPORT_WIDTH = 100
Compose = Callable[[int], Sequence[Row]]


class TranscriptEntry:
    """`line` as it was typed. The answer is composed for the width at hand and grows while it streams."""

    def __init__(self, line: str) -> None:
        self.line = plain(line, limit=500)
        self.data: Json = {}
        """what keys may look at again: a batch to be sorted, gates of another unit"""
        self.source = ""
        """which model answered, with which of its weights, and how its words were drawn"""
        self.kind = ""
        self._compose: Compose = lambda width: ()
        self._notes: list[tuple[str, str]] = []
        self._made: tuple[int, list[Row]] | None = None

    def show(self, compose: Compose) -> None:
        self._compose = compose
        self.changed()

    def note(self, words: str, style_name: str = "muted") -> None:
        """A line below the answer."""
        if words:
            self._notes.append((plain(words, limit=600), style_name))
            self.changed()

    def say_keys(self, words: str) -> None:
        """Which keys look at it in another way: once, however often it is shown."""
        if (words, "muted") not in self._notes:
            self.note(words)

    def changed(self) -> None:
        self._made = None

    def put(self, kind: str, data: dict[str, Any]) -> None:
        self.kind, self.data = kind, data

    def rows(self, width: int) -> list[Row]:
        if self._made is None or self._made[0] != width:
            self._made = (width, self._composed(width))
        return self._made[1]

    def text(self) -> str:
        """As it is exported: what it takes to have the same answer again stands below it."""
        said = [row_text(row).rstrip() for row in self._composed(EXPORT_WIDTH)]
        return "\n".join([*said, *([f"  [{self.source}]"] if self.source else [])])

    def _composed(self, width: int) -> list[Row]:
        room = width - 2
        first, *rest = wrap_text(self.line, room, "key") or [()]
        rows: list[Row] = [(Span(f"{glyphs().choice[1]} ", "key"), *first)]
        rows += [(Span("  "), *row) for row in rest]
        rows += [(Span("  "), *row) for row in self._compose(room)]
        for words, style_name in self._notes:
            rows += [(Span("  "), *row) for row in wrap_text(words, room, style_name)]
        return rows
