"""The views of a tab, each behind its key, and what is to be said about how things stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.keys.all_keys import BY_ID, shown
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.line import Line
from tui.ui.notes import Notes
from tui.ui.span import Row, Span, row_width
from tui.ui.wrapped_spans import folded


class ViewNames(Line):
    """Names behind their keys; a few words behind them where they have room."""

    def __init__(self, views: Sequence[tuple[str, str, str]], keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._views, self._keymap = tuple(views), keymap
        self._chosen = ""
        self._words = ""

    def choose(self, name: str) -> None:
        self._chosen = name
        self.draw()

    def say(self, words: str) -> None:
        self._words = words
        self.draw()

    def has_room(self, words: str, width: int) -> bool:
        return row_width(self._names()) + cell_len(words) < width

    def row(self, width: int) -> Row:
        return (*self._names(), Span(self._words, "warn"))

    def _names(self) -> Row:
        spans, actions, at = [Span(" ")], [], 1
        for key, name, title in self._views:
            here = name == self._chosen
            word = shown(self._keymap.key_of(BY_ID[key]), ascii_only=glyphs().ascii_only)
            spans += [Span(f"{word} ", "key"), Span(title, "strong" if here else "muted"), Span("   ")]
            size = cell_len(word) + 1 + cell_len(title)
            actions.append((range(at, at + size), f"app.press({key!r})"))
            at += size + 3
        self.make_clickable(actions)
        return tuple(spans)


class ViewBar(Vertical):
    """`views`: the id of a key, a name, a title each. What is said stands behind them, or below, whole."""

    DEFAULT_CSS = "ViewBar { height: auto; max-height: 5; } ViewBar Notes { height: auto; }"

    def __init__(self, views: Sequence[tuple[str, str, str]], keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._names, self._below = ViewNames(views, keymap), Notes()
        self._words = ""

    def compose(self) -> ComposeResult:
        yield self._names
        yield self._below

    def on_mount(self) -> None:
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def choose(self, name: str) -> None:
        self._names.choose(name)

    def say(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self._lay_out()

    def _lay_out(self) -> None:
        words = self._words
        is_beside = not words or self._names.has_room(words, self.app.size.width)
        self._names.say(words if is_beside else "")
        self._below.display = not is_beside
        self._below.show(lambda width: folded((Span(f" {words}", "warn"),), width, 1))
