"""A line of the form that opens and shuts the fields below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.glyphs import glyphs
from tui.plain_text import plain
from tui.widgets.line import Line
from tui.widgets.param_field import NAME_WIDTH
from tui.widgets.span import Row, Span


class MoreField(Line, can_focus=True):
    """Says, while they are shut, which of them are not as they were."""

    BINDINGS = [  # noqa: RUF012
        Binding("space,enter", "turn", show=False),
        Binding("right,l", "turn(True)", show=False),
        Binding("left,h", "turn(False)", show=False),
    ]

    @dataclass
    class Changed(Message):
        is_open: bool

    def __init__(self, names: Sequence[str], told: Callable[[], Sequence[str]], **widget: Any) -> None:
        super().__init__(**widget)
        self._names, self._told = names, told
        self.is_open = bool(told())

    @property
    def editor(self) -> MoreField:
        return self

    def row(self, width: int) -> Row:
        sign = glyphs().fold[self.is_open]
        told = self._told()
        words = "" if self.is_open else ", ".join(told or self._names)
        title = f"{sign} {'less' if self.is_open else 'more'}".ljust(NAME_WIDTH)
        return (
            Span(title, "key" if self.has_focus else "strong"),
            Span(f" {plain(words, limit=300)}", "text" if told else "muted"),
        )

    def action_turn(self, is_open: bool | None = None) -> None:
        self.is_open = not self.is_open if is_open is None else is_open
        self.draw()
        self.post_message(self.Changed(self.is_open))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()

    async def on_click(self, event: events.Click) -> None:
        self.action_turn()
