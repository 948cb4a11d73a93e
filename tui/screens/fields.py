"""Asks for a few values and does something with them; what is wrong is said, and nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.errors import DltuiError
from engine.params import Param
from tui.plain_text import plain
from tui.screens.dialog import Dialog, Keys
from tui.widgets.param_field import ParamField, as_text

Deed = Callable[[Mapping[str, str]], Awaitable[str]]


class FieldsScreen(Dialog[str]):
    """What was done, in words."""

    AUTO_FOCUS = "ParamField Input, ParamField ChoiceField"

    def __init__(
        self, title: str, fields: Sequence[Param], typed: Mapping[str, str], word: str, deed: Deed
    ) -> None:
        super().__init__()
        self._title, self._fields, self._typed, self._word, self._deed = title, fields, typed, word, deed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(plain(self._title, limit=100))
            box.set_class(self._is_alone, "-alone")
            with VerticalScroll(classes="fields", can_focus=False):
                for param in self._fields:
                    yield ParamField(param, self._typed.get(param.name, as_text(param.default)))
            yield Static(id="hint", markup=False)
            yield Keys((("dialog.accept", self._word), ("dialog.cancel", "back")))

    @property
    def _is_alone(self) -> bool:
        """One field of text, such as a path: it has the line for itself, what it means stands below."""
        return len(self._fields) == 1 and self._fields[0].kind is str and not self._fields[0].choices

    def on_mount(self) -> None:
        self._hint("")

    def _hint(self, words: str) -> None:
        hint = self.query_one("#hint", Static)
        shown = words or (self._fields[0].help if self._is_alone else "")
        hint.update(plain(shown, limit=400))
        hint.display = bool(shown)
        hint.set_class(bool(words), "-wrong")

    @on(ParamField.Changed)
    def _check(self) -> None:
        wrong = any(field.wrong for field in self.query(ParamField))
        self.query_one(Keys).complain("not right yet" if wrong else "")
        self._hint("")

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        fields = list(self.query(ParamField))
        if not any(field.wrong for field in fields):
            typed = {field.param.name: field.text for field in fields}
            self.run_worker(self._do(typed), group="deed", exclusive=True, exit_on_error=False)

    async def _do(self, typed: Mapping[str, str]) -> None:
        try:
            self.dismiss(await self._deed(typed))
        except DltuiError as error:
            self._hint(str(error))
