"""A dialog for one line of text that the engine checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from engine.errors import DltuiError
from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.text_field import LONGEST, TextField
from tui.ui.text_rows import TextRows, paragraph

Submit = Callable[[str], Awaitable[str]]
"""takes the text; returns what is notified, raises DltuiError where it is refused"""


class TextPrompt(Dialog[str]):
    """Dismissed with what `submit` returned, or None. A refusal is shown below the field."""

    AUTO_FOCUS = "TextField"
    CSS = "TextPrompt TextRows { margin: 0; max-height: 6; }"

    def __init__(
        self, title: str, value: str, about: str, accept_label: str, submit: Submit, most: int = LONGEST
    ) -> None:
        """`about`: the text below the field."""
        super().__init__()
        self._title, self._value, self._about = title, value, about
        self._accept_label, self._submit, self._most = accept_label, submit, most

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(plain(self._title, limit=100))
            yield TextField(self._value, most=self._most)
            yield TextRows()
            yield KeyLine((("dialog.accept", self._accept_label), ("dialog.cancel", "back")))

    def on_mount(self) -> None:
        super().on_mount()
        self._show(self._about, "muted")

    def _show(self, text: str, style_name: str) -> None:
        self.query_one(TextRows).update(lambda width: paragraph(plain(text, limit=400), width, style_name))

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        start_worker(self, self._send, group="submit", exclusive=True)

    async def _send(self) -> None:
        try:
            result = await self._submit(self.query_one(TextField).value)
        except DltuiError as error:
            self._show(str(error), "bad")
        else:
            self.dismiss(result)
