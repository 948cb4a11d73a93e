"""The name of the app and its tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.geometry import Size

from tui.tabs import TABS
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width

NAME = " dltui "
GAP = 2


class TabBar(Line):
    """The tabs, each behind its digit key."""

    def __init__(self, tabs: Sequence[str], **widget: Any) -> None:
        super().__init__(**widget)
        self._tabs = [(digit, tab) for digit, tab in enumerate(TABS, 1) if tab.name in tabs]
        self._open = tabs[0]
        self._counts: dict[str, str] = {}

    def select(self, tab: str) -> None:
        self._open = tab
        self.draw()

    def set_count(self, tab: str, text: str) -> None:
        """Set the text behind the name of a tab."""
        if self._counts.get(tab) != text:
            self._counts[tab] = text
            self.refresh(layout=True)
            self.draw()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return sum(row_width(tab) for tab in self._titles(titled=True)) + cell_len(NAME) + 1

    def row(self, width: int) -> Row:
        """Full titles where they fit, else short ones, else only that of the open tab."""
        start = cell_len(NAME) + 1
        named = self._titles(titled=True)
        for shorter in (self._titles(titled=True, short=True), self._titles(titled=False)):
            if sum(map(row_width, named)) + start > width + GAP:
                named = shorter
        spans, actions, at = [Span(NAME, "key"), Span(" ")], [], start
        for spans_of_tab, (_, tab) in zip(named, self._tabs, strict=True):
            size = row_width(spans_of_tab)
            actions.append((range(at, at + size), f"app.open_tab({tab.name!r})"))
            at += size
            spans += spans_of_tab
        self.make_clickable(actions)
        return tuple(spans)

    def _titles(self, *, titled: bool, short: bool = False) -> list[Row]:
        return [
            self._spans(digit, tab.name, (short and tab.short) or tab.title, titled, 0 if short else GAP)
            for digit, tab in self._tabs
        ]

    def _spans(self, digit: int, tab: str, title: str, titled: bool, gap: int) -> Row:
        is_open = tab == self._open
        spans = [Span(f" {digit} ", "muted")]
        if titled or is_open:
            spans.append(Span(title, "strong" if is_open else "muted"))
        if (titled or is_open) and self._counts.get(tab):
            spans.append(Span(f" {self._counts[tab]}", "muted"))
        return (*spans, Span(" " * gap)) if titled or is_open else tuple(spans)
