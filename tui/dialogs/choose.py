"""A dialog with a list of choices, each with a description."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, justified, row_width
from tui.ui.wrap import wrap_text

Choice = tuple[str, str]
"""title and description"""


class ChoiceList(Sheet):
    """One line for each choice; the description of the one under the cursor is shown in full."""

    def __init__(self, choices: Sequence[Choice], cursor: int = 0) -> None:
        super().__init__()
        self._choices = tuple(choices)
        self.cursor = max(0, min(cursor, len(choices) - 1))

    def rows(self, width: int) -> Sequence[Row]:
        widest = max(cell_len(plain(title)) for title, _ in self._choices)
        found: list[Row] = []
        for place, (title, description) in enumerate(self._choices):
            is_here = place == self.cursor
            name = (
                Span(f"{glyphs().choice[1] if is_here else ' '} ", "key"),
                Span(justified(plain(title), widest) + "  ", "key" if is_here else "strong"),
            )
            lines = wrap_text(plain(description), max(10, width - row_width(name) - 1), "muted") or [()]
            found.append((*name, *_first(lines, is_here)))
            found += [(Span(" " * row_width(name)), *line) for line in lines[1:] if is_here]
        return found

    def action_scroll(self, rows: int) -> None:
        self.cursor = max(0, min(self.cursor + rows, len(self._choices) - 1))
        self.draw()
        self.refresh(layout=True)
        below = len(self.rows(self.size.width)) - len(self._choices)
        self.scroll_to(y=max(0, self.cursor + 1 + below - self.size.height), animate=False)


def _first(lines: Sequence[Row], is_whole: bool) -> Row:
    """The first line of a description, with an ellipsis where the rest is not shown."""
    return lines[0] if is_whole or len(lines) == 1 else (*lines[0], Span(glyphs().cut, "muted"))


class ChooseScreen(Dialog[int]):
    """Dismissed with the index of the choice, or None."""

    def __init__(self, title: str, choices: Sequence[Choice], accept_label: str, cursor: int = 0) -> None:
        super().__init__()
        self._title, self._choices, self._accept_label, self._cursor = title, choices, accept_label, cursor

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(self._title)
            yield ChoiceList(self._choices, self._cursor)
            yield KeyLine(
                (("dialog.accept", self._accept_label), ("dialog.cancel", "back"), ("pane.down", "next"))
            )

    def action_accept(self) -> None:
        self.dismiss(self.query_one(ChoiceList).cursor)
