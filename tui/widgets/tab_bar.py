"""The name of the app and its tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from tui.keys import TABS
from tui.widgets.line import Line
from tui.widgets.span import Row, Span

NAME = " dltui "


class TabBar(Line):
    """The tabs that exist, each behind its digit."""

    def __init__(self, tabs: Sequence[str], **widget: Any) -> None:
        super().__init__(**widget)
        self._tabs = [(digit, tab, title) for digit, (tab, title) in enumerate(TABS, 1) if tab in tabs]
        self._open = tabs[0]
        self._counts: dict[str, str] = {}

    def open(self, tab: str) -> None:
        self._open = tab
        self.draw()

    def count(self, tab: str, words: str) -> None:
        """A few words behind the name of a tab."""
        if self._counts.get(tab) != words:
            self._counts[tab] = words
            self.draw()

    def row(self, width: int) -> Row:
        spans = [Span(NAME, "key"), Span(" ")]
        actions = []
        at = cell_len(NAME) + 1
        for digit, tab, title in self._tabs:
            words = [Span(f" {digit} ", "muted"), Span(title, "strong" if tab == self._open else "muted")]
            if self._counts.get(tab):
                words.append(Span(f" {self._counts[tab]}", "muted"))
            words.append(Span("  "))
            size = sum(cell_len(word.text) for word in words)
            actions.append((range(at, at + size), f"app.open_tab({tab!r})"))
            at += size
            spans += words
        self.make_clickable(actions)
        return tuple(spans)
