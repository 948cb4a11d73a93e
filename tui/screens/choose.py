"""Asks which of a few things, each with a line that says what it is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.glyphs import glyphs
from tui.plain_text import plain
from tui.screens.dialog import Dialog, Keys
from tui.widgets.sheet import Sheet
from tui.widgets.span import Row, Span

Choice = tuple[str, str]
"""a title and what it means"""


class ChoiceList(Sheet):
    """One line each, a cursor on one."""

    def __init__(self, choices: Sequence[Choice], cursor: int = 0) -> None:
        super().__init__()
        self._choices = tuple(choices)
        self.cursor = max(0, min(cursor, len(choices) - 1))

    def rows(self, width: int) -> Sequence[Row]:
        widest = max(len(title) for title, _ in self._choices)
        return [
            (
                Span(f"{glyphs().choice[1] if place == self.cursor else ' '} ", "key"),
                Span(plain(title).ljust(widest), "key" if place == self.cursor else "strong"),
                Span(f"  {plain(words)}", "muted"),
            )
            for place, (title, words) in enumerate(self._choices)
        ]

    def action_scroll(self, rows: int) -> None:
        self.cursor = max(0, min(self.cursor + rows, len(self._choices) - 1))
        self.draw()
        self.scroll_to(y=max(0, self.cursor + 1 - self.size.height), animate=False)


class ChooseScreen(Dialog[int]):
    """The place of the one that was chosen."""

    def __init__(self, title: str, choices: Sequence[Choice], deed: str, cursor: int = 0) -> None:
        super().__init__()
        self._title, self._choices, self._deed, self._cursor = title, choices, deed, cursor

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(self._title)
            yield ChoiceList(self._choices, self._cursor)
            yield Keys((("dialog.accept", self._deed), ("dialog.cancel", "back"), ("pane.down", "next")))

    def action_accept(self) -> None:
        self.dismiss(self.query_one(ChoiceList).cursor)
