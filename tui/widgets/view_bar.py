"""The views of a tab, each behind its key, and one line about how things stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from tui.glyphs import glyphs
from tui.keymap import Keymap
from tui.keys import BY_ID, shown
from tui.widgets.line import Line
from tui.widgets.span import Row, Span, row_width


class ViewBar(Line):
    """`views`: the id of a key, a name, a title each. What is said stands behind them."""

    def __init__(self, views: Sequence[tuple[str, str, str]], keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._views, self._keymap = tuple(views), keymap
        self._chosen = ""
        self._words = ""

    def choose(self, name: str) -> None:
        self._chosen = name
        self.draw()

    def say(self, words: str) -> None:
        self._words = words
        self.draw()

    def row(self, width: int) -> Row:
        spans, actions, at = [Span(" ")], [], 1
        for key, name, title in self._views:
            here = name == self._chosen
            word = shown(self._keymap.key_of(BY_ID[key]), ascii_only=glyphs().ascii_only)
            spans += [Span(f"{word} ", "key"), Span(title, "strong" if here else "muted"), Span("   ")]
            size = cell_len(word) + 1 + cell_len(title)
            actions.append((range(at, at + size), f"app.press({key!r})"))
            at += size + 3
        self.make_clickable(actions)
        if not self._words:
            return tuple(spans)
        room = width - row_width(tuple(spans))
        if room < min(cell_len(self._words) + 1, 40):
            return (Span(" " + self._words, "warn"),)
        return (*spans, Span(self._words, "warn"))
