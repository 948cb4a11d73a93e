"""A dialog for one number."""

from __future__ import annotations

import math

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tui.dialogs.dialog import Dialog, KeyLine
from tui.ui.text_field import TextField


class NumberPrompt(Dialog[float]):
    """Dismissed with a number from -`most` to `most`, or None."""

    AUTO_FOCUS = "TextField"

    def __init__(self, name: str, value: float, most: float) -> None:
        super().__init__()
        self._name_shown, self._value, self._most = name, value, most

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._name_shown)
            yield TextField(f"{self._value:g}", most=24)
            yield KeyLine((("dialog.accept", "set it"), ("dialog.cancel", "back")))

    def on_mount(self) -> None:
        self.query_one(TextField).action_select_all()

    @property
    def number(self) -> float | None:
        try:
            number = float(self.query_one(TextField).value.replace("−", "-").replace(",", "."))
        except ValueError:
            return None
        return number if math.isfinite(number) and abs(number) <= self._most else None

    @on(Input.Changed)
    def _check(self) -> None:
        expected = f"expected a number from -{self._most:g} to {self._most:g}"
        self.query_one(KeyLine).show_error(expected if self.number is None else "")

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        if self.number is not None:
            self.dismiss(self.number)
