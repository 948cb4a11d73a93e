"""Transcript entry: a line of input and its response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.session_protocol.language import GatesRequest, UnitGates
from tui.repl.attention import ShownHead
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, row_text
from tui.ui.wrap import wrap_text

EXPORT_WIDTH = 100
Compose = Callable[[int], Sequence[Row]]


class TranscriptEntry:
    """`line` is the input. The response is laid out for the width of the widget, and may change while it
    streams."""

    def __init__(self, line: str) -> None:
        self.line = plain(line, limit=500)
        self.order: int | None = None
        """sort order of a table of lines, an index of tables.ORDERS"""
        self.gates: tuple[GatesRequest, UnitGates] | None = None
        """those that are shown"""
        self.attention: ShownHead | None = None
        """the head that is shown"""
        self.source = ""
        """model, weights and sampling parameters of the response, for the export"""
        self._compose: Compose = lambda width: ()
        self._notes: list[tuple[str, str]] = []
        self._cached_rows: tuple[int, list[Row]] | None = None

    def set_content(self, compose: Compose) -> None:
        self._compose = compose
        self.invalidate()

    def note(self, words: str, style_name: str = "muted") -> None:
        """Adds a line below the response."""
        if words:
            self._notes.append((plain(words, limit=600), style_name))
            self.invalidate()

    def note_keys(self, words: str) -> None:
        """Adds a line about keys, unless it is there already."""
        if (words, "muted") not in self._notes:
            self.note(words)

    def invalidate(self) -> None:
        self._cached_rows = None

    def rows(self, width: int) -> list[Row]:
        if self._cached_rows is None or self._cached_rows[0] != width:
            self._cached_rows = (width, self._composed(width))
        return self._cached_rows[1]

    def text(self) -> str:
        """For the export: with `source`, which is needed to reproduce the response."""
        lines = [row_text(row).rstrip() for row in self._composed(EXPORT_WIDTH)]
        return "\n".join([*lines, *([f"  [{self.source}]"] if self.source else [])])

    def _composed(self, width: int) -> list[Row]:
        room = width - 2
        first, *rest = wrap_text(self.line, room, "key") or [()]
        rows: list[Row] = [(Span(f"{glyphs().choice[1]} ", "key"), *first)]
        rows += [(Span("  "), *row) for row in rest]
        rows += [(Span("  "), *row) for row in self._compose(room)]
        for words, style_name in self._notes:
            rows += [(Span("  "), *row) for row in wrap_text(words, room, style_name)]
        return rows
