"""The filter of the table: typed, applied while one types, its mistakes said beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.timer import Timer

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.terminal.plain_text import plain
from tui.ui.line import Line
from tui.ui.span import Row, Span

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.text_field import TextField

HINT = "experiment=xor and loss<0.1, or plain words"
PATIENCE = 0.2
"""seconds without a key before the filter is applied"""


class FilterNote(Line):
    """How many runs pass, or what is wrong."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._words, self._ink = "", "muted"

    def show(self, words: str, *, wrong: bool = False) -> None:
        self._words, self._ink = plain(words, limit=200), "bad" if wrong else "muted"
        self.refresh(layout=True)
        self.draw()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return cell_len(self._words) + 2

    def row(self, width: int) -> Row:
        return (Span(" " + self._words, self._ink),)


class FilterBar(Horizontal):
    """Shown while it is typed in, and as long as it hides runs. Its field is made when first needed."""

    SCOPE: ClassVar[Scope] = "filter"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Changed(Message):
        where: str

    class Left(Message):
        """The person is done with it."""

    def __init__(self, where: str = "", hint: str = HINT, **widget: Any) -> None:
        super().__init__(**widget)
        self._where, self._hint = where, hint
        self._timer: Timer | None = None
        self._field: TextField | None = None
        self.note = FilterNote()

    def on_mount(self) -> None:
        self.display = bool(self._where)
        if self._where:
            self._typed_in()

    def open(self) -> None:
        self.display = True
        self._typed_in().focus()

    def put(self, where: str) -> None:
        """Another filter holds already: show it, and say nothing."""
        self._where = where
        if where or self._field is not None:
            self._typed_in().value = where
        self.display = bool(where)

    def action_clear(self) -> None:
        self._typed_in().value = ""
        self._apply()
        self.action_leave_filter()

    def action_leave_filter(self) -> None:
        self.display = bool(self._where)
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PATIENCE, self._apply)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply()
        self.action_leave_filter()

    def _typed_in(self) -> TextField:
        if self._field is None:
            from tui.ui.text_field import TextField

            self._field = TextField(self._where, placeholder=self._hint)
            self.mount(self._field, self.note)
        return self._field

    def _apply(self) -> None:
        where = self._typed_in().value.strip()
        if where != self._where:
            self._where = where
            self.post_message(self.Changed(where))
