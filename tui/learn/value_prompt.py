"""A dialog for the value of one control of an aid."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from engine.params import Value
from engine.session_protocol.learn import AidControl
from tui.dialogs.dialog import Dialog, KeyLine
from tui.learn.aid_state import as_value, value_text
from tui.terminal.plain_text import plain
from tui.ui.text_field import TextField
from tui.ui.text_rows import TextRows, paragraph


class ValuePrompt(Dialog[Value]):
    """Dismissed with a value of the kind of the control, or None; the session checks its bounds."""

    AUTO_FOCUS = "TextField"
    CSS = "ValuePrompt TextRows { margin: 0; max-height: 4; }"

    def __init__(self, control: AidControl, value: Value) -> None:
        super().__init__()
        self._control, self._value = control, value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(plain(self._control.name))
            yield TextField(value_text(self._value), most=200)
            yield TextRows()
            yield KeyLine((("dialog.accept", "set it"), ("dialog.cancel", "back")))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(TextField).action_select_all()
        text = f"{self._control.help} {self._control.expected}."
        self.query_one(TextRows).update(lambda width: paragraph(plain(text, limit=300), width))

    @property
    def typed(self) -> Value:
        return as_value(self._control, self.query_one(TextField).value)

    @on(Input.Changed)
    def _check(self) -> None:
        wrong = "" if self.typed is not None else f"expected {self._control.expected}"
        self.query_one(KeyLine).show_error(plain(wrong, limit=100))

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        if self.typed is not None:
            self.dismiss(self.typed)
