"""Asks for the value of a parameter that can change while the run trains."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from engine import params
from engine.errors import ParamError
from engine.params import Param
from engine.protocol import RunSummary
from tui import deeds
from tui.screens.dialog import Dialog, Keys
from tui.widgets.param_field import ParamField, as_text
from tui.widgets.run_words import name_of

Given = tuple[str, object]


class LivePrompt(Dialog[Given]):
    """Name and value of the first parameter that was changed."""

    def __init__(self, run: RunSummary, found: Sequence[Param]) -> None:
        super().__init__()
        self._run_shown, self._params = run, found

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(f"set live: {name_of(self._run_shown)}")
            for param in self._params:
                yield ParamField(param, as_text(deeds.value_now(self._run_shown, param)))
            yield Keys((("dialog.accept", "set it, from the next step on"), ("dialog.cancel", "back")))

    @on(ParamField.Changed)
    def _check(self) -> None:
        wrong = any(field.wrong for field in self.query(ParamField))
        self.query_one(Keys).complain("not right yet" if wrong else "")

    def action_accept(self) -> None:
        for field in self.query(ParamField):
            try:
                value = params.read(field.param, field.text)
            except ParamError:
                return
            if value != deeds.value_now(self._run_shown, field.param):
                self.dismiss((field.param.name, value))
                return
        self.dismiss(None)

    def on_input_submitted(self) -> None:
        self.action_accept()
