"""One parameter in the form of a sweep: a value, or the axis along which it varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from engine.catalog import Experiment
from engine.params import Param
from tui.plain_text import plain
from tui.sweep.draft import mistake_in, varies
from tui.widgets.param_field import NAME_WIDTH, Words, as_text
from tui.widgets.text_field import TextField

TEXT_LIMIT = 400


class AxisField(Vertical):
    """`wrong` says what was expected and what came; its name is bright while it varies."""

    @dataclass
    class Changed(Message):
        field: AxisField

    def __init__(self, experiment: Experiment, param: Param, text: str, **widget: Any) -> None:
        super().__init__(**widget)
        self.param = param
        self.wrong = ""
        self._experiment = experiment
        self._editor = TextField(text, most=TEXT_LIMIT)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Words(self.param.name, "text", classes="name")
            yield self._editor
            yield Words(self._help, classes="help")
        yield Words("", "bad", classes="wrong")

    def on_mount(self) -> None:
        self._check()

    @property
    def editor(self) -> Input:
        return self._editor

    @property
    def text(self) -> str:
        return self._editor.value

    @text.setter
    def text(self, text: str) -> None:
        self._editor.value = text

    @property
    def _help(self) -> str:
        if self.param.choices or self.param.kind is bool:
            return f"{self.param.help}: {', '.join(self.param.choices or ('no', 'yes'))}"
        default = as_text(self.param.default)
        return self.param.help if self.text == default else f"{self.param.help} ({default})"

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()
        self.post_message(self.Changed(self))

    def _check(self) -> None:
        self.wrong = plain(mistake_in(self._experiment, self.param, self.text), limit=200)
        note = self.query_one(".wrong", Words)
        note.display = bool(self.wrong)
        note.say(" " * NAME_WIDTH + self.wrong)
        self.query_one(".name", Words).say(
            self.param.name, "bad" if self.wrong else "key" if varies(self.param, self.text) else "text"
        )
        self.query_one(".help", Words).say(self._help)
