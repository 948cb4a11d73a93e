"""A horizontal rule with one title, or with several to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.message import Message

from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width


class Heading(Line):
    """Titles on a rule; the selected one is highlighted."""

    @dataclass
    class Chosen(Message):
        title: str

    def __init__(self, titles: Sequence[str] = (), **widget: Any) -> None:
        super().__init__(**widget)
        self._titles = tuple(titles)
        self._chosen = self._titles[0] if self._titles else ""
        self._note: Row = ()
        self._is_highlighted = False

    def select(self, chosen: str, titles: Sequence[str] | None = None) -> None:
        self._titles = self._titles if titles is None else tuple(titles)
        self._chosen = chosen
        self.draw()

    def set_note(self, *spans: Span) -> None:
        """Set the text at the right end."""
        self._note = spans
        self.draw()

    def set_highlighted(self, is_highlighted: bool) -> None:
        """Set whether the widget below has the focus."""
        self._is_highlighted = is_highlighted
        self.draw()

    def row(self, width: int) -> Row:
        rule, style_name = glyphs().rule, "accent" if self._is_highlighted else "line"
        spans = [Span(rule * 2 + " ", style_name)]
        actions = []
        at = 3
        for title in self._visible_titles(width):
            chosen = title == self._chosen
            spans += [
                Span(title, "key" if chosen and self._is_highlighted else "strong" if chosen else "muted"),
                Span("  "),
            ]
            actions.append((range(at, at + cell_len(title)), f"choose({title!r})"))
            at += cell_len(title) + 2
        self.make_clickable(actions)
        if self._titles:
            spans[-1] = Span(" ")
            at -= 1
        note = (Span(" "), *self._note, Span(" " + rule, style_name)) if self._note else ()
        room = width - at - row_width(note)
        if room < 3:
            note, room = (), width - at
        return (*spans, Span(rule * room, style_name), *note)

    def _visible_titles(self, width: int) -> Sequence[str]:
        """Those around the chosen one, where there is no room for all."""
        first, last = 0, len(self._titles)
        now = self._titles.index(self._chosen) if self._chosen in self._titles else 0
        while last - first > 1 and 2 + sum(cell_len(one) + 2 for one in self._titles[first:last]) > width:
            if now - first > last - 1 - now:
                first += 1
            else:
                last -= 1
        return self._titles[first:last]

    def action_choose(self, title: str) -> None:
        self.post_message(self.Chosen(title))
