"""A dialog for one field whose text is read as a value."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tui.dialogs.dialog import Answer, Dialog, KeyLine
from tui.terminal.plain_text import plain
from tui.ui.text_field import TextField
from tui.ui.text_rows import TextRows, paragraph


class FieldPrompt(Dialog[Answer]):
    """Dismissed with what `read` makes of the text, or None. `expected` is shown while that is None."""

    AUTO_FOCUS = "TextField"
    CSS = "FieldPrompt TextRows { margin: 0; max-height: 4; }"

    def __init__(
        self, title: str, field: TextField, read: Callable[[str], Answer | None], expected: str,
        about: str = "",
    ) -> None:  # fmt: skip
        """`about`: the text below the field."""
        super().__init__()
        self._title, self._field, self._read, self._expected = title, field, read, expected
        self._about = about

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(plain(self._title))
            yield self._field
            if self._about:
                yield (about := TextRows())
                about.update(lambda width: paragraph(plain(self._about, limit=300), width))
            yield KeyLine((("dialog.accept", "set it"), ("dialog.cancel", "back")))

    def on_mount(self) -> None:
        super().on_mount()
        self._field.action_select_all()

    @on(Input.Changed)
    def _check(self) -> None:
        is_wrong = self._read(self._field.value) is None
        self.query_one(KeyLine).show_error(plain(f"expected {self._expected}", limit=100) if is_wrong else "")

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        value = self._read(self._field.value)
        if value is not None:
            self.dismiss(value)
