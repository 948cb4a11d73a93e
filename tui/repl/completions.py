"""List of completions of the prompt: next words with probabilities, commands, or lines of the history."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size

from tui.drawings.sentence_surprisal import percent
from tui.terminal.glyphs import glyphs
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span

COLUMN = 34
WIDE, SLASH = 64, 13
DIGITS = 9
WORD, NARROW_WORD = 13, 11
"""cells of a word, without and with two probabilities beside it"""


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` is inserted, and free of control characters; `kind` is word, end or unknown.

    `share` is the model's probability (None: not a word), `drawn` that under the sampling parameters, where
    they change it.
    """

    text: str
    share: float | None = None
    description: str = ""
    kind: str = "word"
    drawn: float | None = None


class Completions(Sheet, can_focus=False):
    """In one column, or in several where the widget is too low for all."""

    DEFAULT_CSS = "Completions { scrollbar-size: 0 0; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._items: tuple[Completion, ...] = ()
        self._cursor: int | None = None
        self._message = ""
        self._is_numbered = True

    def update(
        self,
        items: Sequence[Completion],
        cursor: int | None = None,
        message: str = "",
        *,
        numbered: bool = True,
    ) -> None:
        """`cursor` is the highlighted one; `message` is shown when there are no items.

        `numbered`: with the digits that insert them.
        """
        self._items, self._cursor, self._message = tuple(items), cursor, message
        self._is_numbered = numbered
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if not self._items:
            return [(Span(" " + line, "muted"),) for line in textwrap.wrap(self._message, max(10, width - 2))]
        height = max(1, self.size.height)
        if any(item.share is None for item in self._items):
            top = max(0, (self._cursor or 0) + 1 - height)
            return [self._line(place, width) for place in range(top, min(len(self._items), top + height))]
        return self._bars(width, height)

    def _bars(self, width: int, height: int) -> list[Row]:
        is_sampled = any(item.drawn is not None for item in self._items)
        height = max(1, height - is_sampled)
        beside = max(1, width // COLUMN) if len(self._items) > height else 1
        each = width // beside
        most = max(max(item.share or 0.0, item.drawn or 0.0) for item in self._items) or 1.0
        rows: list[Row] = [beside * _legend(each)] if is_sampled else []
        for line in range(min(height, -(-len(self._items) // beside))):
            spans: list[Span] = []
            for column in range(beside):
                place = column * height + line
                if place < len(self._items):
                    spans += self._bar(place, each, most)
            rows.append(tuple(spans))
        return rows

    def _bar(self, place: int, width: int, most: float) -> Row:
        item, share = self._items[place], self._items[place].share or 0.0
        wide = WORD if item.drawn is None else NARROW_WORD
        figures = f"{percent(share):>5}%  " if item.drawn is None else _figures(share, item.drawn)
        room = max(3, width - wide - len(figures) - 5)
        style_name = "text" if item.kind == "word" else "muted"
        name = set_cell_size(item.text, wide) + " "
        return (
            Span(self._number(place), "key"), Span(name, "strong" if place == 0 else style_name),
            *_lengths(item, most, room), Span(figures, "muted"),
        )  # fmt: skip

    def _number(self, place: int) -> str:
        """The digit that inserts it: only words are counted."""
        if not self._is_numbered:
            return "   "
        number = sum(item.kind == "word" for item in self._items[: place + 1])
        return f" {number} " if number <= DIGITS and self._items[place].kind == "word" else "   "

    def _line(self, place: int, width: int) -> Row:
        item = self._items[place]
        here = place == self._cursor
        sign = glyphs().choice[1] if here else " "
        head = item.text
        if item.description and width < WIDE:
            head = set_cell_size(item.text.split(" ")[0], SLASH)
        elif item.description:
            head = set_cell_size(item.text, min(30, width // 2))
        room = max(1, width - 3 - cell_len(head))
        description = item.description
        if cell_len(description) > room:
            description = set_cell_size(description, room - 1).rstrip() + glyphs().cut
        return (Span(f" {sign} ", "key"), Span(head, "key" if here else "text"), Span(description, "muted"))


def _lengths(item: Completion, most: float, room: int) -> Row:
    """One bar, or the model's in the upper half of the cells and that of the sampling in the lower half."""
    style_name = "accent" if item.kind == "word" else "line"
    full = _cells(item.share or 0.0, most, room)
    if item.drawn is None:
        return (Span(glyphs().bar[0] * full, style_name), Span(" " * (room - full)))
    drawn, (both, model, sampled) = _cells(item.drawn, most, room), glyphs().two_bars
    shared = min(full, drawn)
    return (
        Span(both * shared + model * (full - shared), style_name), Span(sampled * (drawn - shared), "muted"),
        Span(" " * (room - max(full, drawn))),
    )  # fmt: skip


def _cells(share: float, most: float, room: int) -> int:
    """Cells of a bar: at least one for half a percent of the largest."""
    return max(round(share / most * room), 1 if share * 200 > most else 0)


def _figures(share: float, drawn: float) -> str:
    return f"{percent(share):>6}%{percent(drawn):>8}% "


def _legend(width: int) -> Row:
    """Names of the two bars, above their numbers."""
    _, model, sampled = glyphs().two_bars
    names = (Span(f" {model}", "accent"), Span("model", "muted"), Span(f" {sampled}sampled ", "muted"))
    return (Span(" " * (width - sum(len(name.text) for name in names))), *names)
