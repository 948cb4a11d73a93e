"""The filter above a table: applied while it is typed, with its errors below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.timer import Timer

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.terminal.plain_text import plain
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_row

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.text_field import TextField
    from tui.ui.text_rows import TextRows

HINT = "experiment=xor and loss<0.1, name~^seed, tag:best, age<2d, or plain words"
APPLY_AFTER = 0.2
"""seconds without a key before the filter is applied"""
NOTE_SHARE = 0.7
"""of the width that a note beside the input may take; a longer one is wrapped below it"""
NOTE_LIMIT = 500


class FilterNote(Line):
    """Text beside the input."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._text, self._style_name = "", "muted"

    def update(self, text: str, style_name: str) -> None:
        self._text, self._style_name = text, style_name
        self.refresh(layout=True)
        self.draw()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return cell_len(self._text) + 2

    def row(self, width: int) -> Row:
        return (Span(" " + self._text, self._style_name),)


class FilterBar(Vertical):
    """Shown while it has the focus and while a filter is set. Its input is created when first needed."""

    DEFAULT_CSS = """
    FilterBar { height: auto; }
    FilterBar Horizontal { height: 1; }
    FilterBar TextRows { height: auto; max-height: 6; }
    """
    SCOPE: ClassVar[Scope] = "filter"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Changed(Message):
        where: str

    class Closed(Message):
        """The focus goes back to the table."""

    def __init__(self, where: str = "", hint: str = HINT, **widget: Any) -> None:
        super().__init__(**widget)
        self._where, self._hint = where, hint
        self._timer: Timer | None = None
        self._field: TextField | None = None
        self._line, self._beside = Horizontal(), FilterNote()
        self._below: TextRows | None = None
        self._note, self._note_style = "", "muted"

    def compose(self) -> ComposeResult:
        yield self._line

    def set_note(self, text: str, *, is_error: bool = False) -> None:
        """Show how many rows pass, or what is wrong with the filter; wrapped below the input if long."""
        self._note, self._note_style = plain(text, limit=NOTE_LIMIT), "bad" if is_error else "muted"
        self._update_note()

    def on_resize(self) -> None:
        self._update_note()

    def _update_note(self) -> None:
        if self._below is None:
            return
        note, style_name = self._note, self._note_style
        is_beside = not note or cell_len(note) + 2 <= NOTE_SHARE * self.size.width
        self._beside.update(note if is_beside else "", style_name)
        self._below.display = not is_beside
        self._below.update(lambda width: wrap_row((Span(f" {note}", style_name),), width, 1))

    def on_mount(self) -> None:
        self.display = bool(self._where)
        if self._where:
            self._input()
            self._update_note()

    def open(self) -> None:
        self.display = True
        self._input().focus()

    def set_filter(self, where: str) -> None:
        """Show a filter that is applied already; posts no Changed."""
        self._where = where
        if not self.is_mounted:
            return
        if where or self._field is not None:
            self._input().value = where
        self.display = bool(where)

    def action_clear(self) -> None:
        self._input().value = ""
        self._apply()
        self.action_leave_filter()

    def action_leave_filter(self) -> None:
        self.display = bool(self._where)
        self.post_message(self.Closed())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(APPLY_AFTER, self._apply)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply()
        self.action_leave_filter()

    def _input(self) -> TextField:
        if self._field is None:
            from tui.ui.text_field import TextField
            from tui.ui.text_rows import TextRows

            self._below = TextRows()
            self._below.display = False
            self._field = TextField(self._where, placeholder=self._hint)
            self._line.mount(self._field, self._beside)
            self.mount(self._below)
        return self._field

    def _apply(self) -> None:
        where = self._input().value.strip()
        if where != self._where:
            self._where = where
            self.post_message(self.Changed(where))
