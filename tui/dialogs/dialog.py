"""What all dialogs share: a box in the middle and a line of keys below it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from textual.screen import ModalScreen

from tui.keys import all_keys
from tui.keys.all_keys import BY_ID, shown
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.line import Line
from tui.ui.span import Row, Span, row_width

Answer = TypeVar("Answer")

DIALOG_CSS = Path(__file__).with_name("dialog.tcss")


class Dialog(ModalScreen[Answer]):
    """Enter goes ahead, escape goes back; what that means is the dialog's own."""

    BINDINGS = all_keys.bindings("dialog")
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = "*"

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_accept(self) -> None:
        self.dismiss(None)


class Keys(Line):
    """Some keys and what they do here."""

    def __init__(self, named: Sequence[tuple[str, str]], keymap: Keymap | None = None, **widget: Any) -> None:
        super().__init__(**widget)
        self._named = list(named)
        self._keymap = keymap or Keymap()
        self.complaint = ""

    def complain(self, words: str) -> None:
        """Say what is wrong behind the first key, which does nothing meanwhile."""
        self.complaint = words
        self.draw()

    def row(self, width: int) -> Row:
        spans: list[Span] = []
        for binding, label in self._named:
            key = shown(self._keymap.key_of(BY_ID[binding]), ascii_only=glyphs().ascii_only)
            off = bool(self.complaint) and not spans
            hint = [Span(key, "muted" if off else "key"), Span(f" {label}", "muted")]
            if off:
                hint.append(Span(f"  {self.complaint}", "bad"))
            gap = [Span("  ")] if spans else []
            if spans and row_width((*spans, *gap, *hint)) > width:
                break  # a key that has no room is left out whole
            spans += [*gap, *hint]
        return tuple(spans)
