"""The names of the views of a tab, each behind its key, and a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width
from tui.ui.text_rows import TextRows
from tui.ui.wrap import wrap_row


class ViewNames(Line):
    """Names behind their keys, and a note where it has room."""

    def __init__(self, views: Sequence[tuple[str, str, str]], keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._views, self._keymap = tuple(views), keymap
        self._chosen = ""
        self._note = ""

    def select(self, name: str) -> None:
        self._chosen = name
        self.draw()

    def set_note(self, note: str) -> None:
        self._note = note
        self.draw()

    def has_room(self, note: str, width: int) -> bool:
        return row_width(self._names()) + cell_len(note) < width

    def row(self, width: int) -> Row:
        return (*self._names(), Span(self._note, "warn"))

    def _names(self) -> Row:
        spans, actions, at = [Span(" ")], [], 1
        for key, name, title in self._views:
            here = name == self._chosen
            key_name = shown(self._keymap.key_of(BY_ID[key]), ascii_only=glyphs().ascii_only)
            spans += [Span(f"{key_name} ", "key"), Span(title, "strong" if here else "muted"), Span("   ")]
            size = cell_len(key_name) + 1 + cell_len(title)
            actions.append((range(at, at + size), f"app.press({key!r})"))
            at += size + 3
        self.make_clickable(actions)
        return tuple(spans)


class ViewBar(Vertical):
    """`views`: binding id, name, title of each. The note is behind them where it fits, else wrapped below."""

    DEFAULT_CSS = "ViewBar { height: auto; max-height: 5; } ViewBar TextRows { height: auto; }"

    def __init__(self, views: Sequence[tuple[str, str, str]], keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._names, self._below = ViewNames(views, keymap), TextRows()
        self._note = ""

    def compose(self) -> ComposeResult:
        yield self._names
        yield self._below

    def on_mount(self) -> None:
        self._update()

    def on_resize(self) -> None:
        self._update()

    def select(self, name: str) -> None:
        self._names.select(name)

    def set_note(self, note: str) -> None:
        if note != self._note:
            self._note = note
            self._update()

    def _update(self) -> None:
        note = self._note
        is_beside = not note or self._names.has_room(note, self.app.size.width)
        self._names.set_note(note if is_beside else "")
        self._below.display = not is_beside
        self._below.update(lambda width: wrap_row((Span(f" {note}", "warn"),), width, 1))
