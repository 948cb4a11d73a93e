"""One of a few words, chosen by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.glyphs import glyphs
from tui.plain_text import plain
from tui.widgets.line import Line
from tui.widgets.span import Row, Span, row_width


class ChoiceField(Line, can_focus=True):
    """All words side by side where they fit, else the chosen one alone."""

    BINDINGS = [  # noqa: RUF012
        Binding("right,l,space", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
    ]

    @dataclass
    class Changed(Message):
        field: ChoiceField
        value: str

    def __init__(self, choices: Sequence[str], value: str, **widget: Any) -> None:
        super().__init__(**widget)
        self._choices = tuple(choices)
        self._value = value if value in self._choices else self._choices[0]

    @property
    def value(self) -> str:
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value in self._choices and value != self._value:
            self._value = value
            self.draw()
            self.post_message(self.Changed(self, value))

    def row(self, width: int) -> Row:
        spans: list[Span] = [Span(" ")]
        for choice in self._choices:
            chosen = choice == self._value
            ink = "key" if chosen and self.has_focus else "strong" if chosen else "muted"
            left, right = glyphs().choice if chosen else (" ", " ")
            spans += [Span(left, ink), Span(plain(choice), ink), Span(right, ink)]
        if row_width(tuple(spans)) <= width:
            return tuple(spans)
        place = f" {self._choices.index(self._value) + 1}/{len(self._choices)}"
        ink = "key" if self.has_focus else "strong"
        left, right = glyphs().choice
        return (Span(f" {left}{plain(self._value)}{right}", ink), Span(place, "muted"))

    def action_turn(self, by: int) -> None:
        self.value = self._choices[(self._choices.index(self._value) + by) % len(self._choices)]

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()

    async def on_click(self, event: events.Click) -> None:
        self.action_turn(1)
