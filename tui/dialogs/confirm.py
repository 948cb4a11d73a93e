"""A dialog that asks for confirmation."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.dialogs.dialog import Dialog, KeyLine
from tui.ui.sheet import Sheet
from tui.ui.span import Row
from tui.ui.wrap import wrap_text


class ConfirmDetails(Sheet):
    """Lines of text, wrapped; they scroll where they do not fit."""

    def __init__(self, text: str) -> None:
        super().__init__(classes="details")
        self._lines = text.splitlines()

    def rows(self, width: int) -> Sequence[Row]:
        return [row for line in self._lines for row in wrap_text(line, width, "muted")]


class ConfirmScreen(Dialog[bool]):
    """Dismissed with True when the user confirms, else with None."""

    def __init__(self, question: str, details: str, accept_label: str) -> None:
        super().__init__()
        self._question, self._details, self._accept_label = question, details, accept_label

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._accept_label)
            yield Static(self._question, markup=False, classes="question")
            yield ConfirmDetails(self._details)
            yield KeyLine(self._keys())

    def on_mount(self) -> None:
        details = self.query_one(ConfirmDetails)
        self.watch(details, "show_vertical_scrollbar", self._update_keys, init=False)

    def _update_keys(self, is_scrollable: bool) -> None:
        self.query_one(KeyLine).set_keys(self._keys(is_scrollable))

    def _keys(self, is_scrollable: bool = False) -> list[tuple[str, str]]:
        keys = [("dialog.accept", self._accept_label), ("dialog.cancel", "cancel")]
        return [*keys, ("pane.down", "scroll")] if is_scrollable else keys

    def action_accept(self) -> None:
        self.dismiss(True)
