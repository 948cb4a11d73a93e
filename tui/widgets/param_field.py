"""One parameter in a form: its name, what is typed, what it means, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from engine.errors import ParamError
from engine.params import Param, Value, read
from tui.glyphs import glyphs
from tui.plain_text import plain
from tui.verbs.words import pairs
from tui.widgets.choice_field import ChoiceField
from tui.widgets.line import Line
from tui.widgets.span import Row, Span
from tui.widgets.text_field import TextField

NAME_WIDTH = 13
VALUE_LIMIT, TEXT_LIMIT = 80, 1_000
"""characters of a number, and of words such as the path of a file"""


class Words(Line):
    """Fixed words in one ink."""

    def __init__(self, words: str = "", ink: str = "muted", **widget: Any) -> None:
        super().__init__(**widget)
        self._words, self._ink = words, ink

    def say(self, words: str, ink: str = "") -> None:
        self._words, self._ink = words, ink or self._ink
        self.draw()

    def row(self, width: int) -> Row:
        words = self._words
        if len(words) > width:
            words = words[: width - 1] + glyphs().cut
        return (Span(words, self._ink),)


def as_text(value: Value) -> str:
    """A value as one would type it."""
    return pairs({"": value})[1:]


class ParamField(Vertical):
    """Says `Changed` whenever something else is typed; `value` is None while it is wrong."""

    @dataclass
    class Changed(Message):
        field: ParamField

    def __init__(self, param: Param, text: str, **widget: Any) -> None:
        super().__init__(**widget)
        self.param = param
        self.wrong = ""
        choices = param.choices or (("no", "yes") if param.kind is bool else ())
        most = TEXT_LIMIT if param.kind is str else VALUE_LIMIT
        self._editor = ChoiceField(choices, text) if choices else TextField(text, most=most)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Words(self.param.name, "text", classes="name")
            yield self._editor
            yield Words(self.param.help, classes="help")
        yield Words("", "bad", classes="wrong")

    def on_mount(self) -> None:
        self._check()

    @property
    def editor(self) -> Input | ChoiceField:
        return self._editor

    @property
    def text(self) -> str:
        return self.editor.value

    @text.setter
    def text(self, text: str) -> None:
        self.editor.value = text

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def _changed(self, event: Input.Changed | ChoiceField.Changed) -> None:
        event.stop()
        self._check()
        self.post_message(self.Changed(self))

    def _check(self) -> None:
        try:
            read(self.param, self.text)
            self.wrong = ""
        except ParamError:
            came = f"got '{plain(self.text, limit=24)}', " if self.text else ""
            self.wrong = f"{came}expected {self.param.expected}"
        note = self.query_one(".wrong", Words)
        note.display = bool(self.wrong)
        note.say(" " * NAME_WIDTH + self.wrong)
        default = as_text(self.param.default)
        named = self.text == default or (self.param.kind is str and not self.param.choices)
        self.query_one(".help", Words).say(self.param.help if named else f"{self.param.help} ({default})")
