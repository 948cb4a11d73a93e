"""Asks before something is lost."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.dialogs.dialog import Dialog, Keys


class ConfirmScreen(Dialog[bool]):
    """True when the person agrees."""

    def __init__(self, question: str, words: str, deed: str) -> None:
        super().__init__()
        self._question, self._words, self._deed = question, words, deed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._deed)
            yield Static(self._question, markup=False, classes="question")
            yield Static(self._words, markup=False, classes="words")
            yield Keys((("dialog.accept", self._deed), ("dialog.cancel", "cancel")))

    def action_accept(self) -> None:
        self.dismiss(True)
