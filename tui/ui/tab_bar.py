"""The name of the app and its tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.geometry import Size

from tui.tabs import TABS
from tui.ui.line import Line
from tui.ui.span import Row, Span, row_width

NAME = " dltui "
GAP = 2
SHORT = {"sweep": "Swp", "language": "Lang"}
"""titles where the whole ones have no room"""


class TabBar(Line):
    """The tabs that exist, each behind its digit."""

    def __init__(self, tabs: Sequence[str], **widget: Any) -> None:
        super().__init__(**widget)
        self._tabs = [(digit, name, title) for digit, (name, title, _) in enumerate(TABS, 1) if name in tabs]
        self._open = tabs[0]
        self._counts: dict[str, str] = {}

    def open(self, tab: str) -> None:
        self._open = tab
        self.draw()

    def count(self, tab: str, words: str) -> None:
        """A few words behind the name of a tab."""
        if self._counts.get(tab) != words:
            self._counts[tab] = words
            self.refresh(layout=True)
            self.draw()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return sum(row_width(tab) for tab in self._named(titled=True)) + cell_len(NAME) + 1

    def row(self, width: int) -> Row:
        """Where not all titles have room, short ones; where those have none, the open tab alone has one."""
        start = cell_len(NAME) + 1
        named = self._named(titled=True)
        for shorter in (self._named(titled=True, short=True), self._named(titled=False)):
            if sum(map(row_width, named)) + start > width + GAP:
                named = shorter
        spans, actions, at = [Span(NAME, "key"), Span(" ")], [], start
        for words, (_, tab, _) in zip(named, self._tabs, strict=True):
            size = row_width(words)
            actions.append((range(at, at + size), f"app.open_tab({tab!r})"))
            at += size
            spans += words
        self.make_clickable(actions)
        return tuple(spans)

    def _named(self, *, titled: bool, short: bool = False) -> list[Row]:
        return [
            self._words(digit, tab, SHORT.get(tab, title) if short else title, titled, 0 if short else GAP)
            for digit, tab, title in self._tabs
        ]

    def _words(self, digit: int, tab: str, title: str, titled: bool, gap: int) -> Row:
        is_open = tab == self._open
        spans = [Span(f" {digit} ", "muted")]
        if titled or is_open:
            spans.append(Span(title, "strong" if is_open else "muted"))
        if (titled or is_open) and self._counts.get(tab):
            spans.append(Span(f" {self._counts[tab]}", "muted"))
        return (*spans, Span(" " * gap)) if titled or is_open else tuple(spans)
