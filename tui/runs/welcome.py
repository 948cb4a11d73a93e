"""The screen while there is no run: what dltui is, and the first keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tui.keys.all_keys import BY_ID, Scope, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, row_width

PICTURE = (
    "⢣                      ",
    "⠘⡄                     ",
    " ⢇⢀⣀                   ",
    " ⠸⡎⠈⢆                  ",
    "     ⠑⠤⣀⡠⠤⣀            ",
    "           ⠉⠒⠒⠤⠤⣀⣀⣀⣀⣀⣀⣀",
)
TEXT = (
    "A deep-learning lab in your terminal.",
    "Start an experiment and watch its curves. Close the laptop:",
    "the run continues. Come back: the curve is complete.",
)
FIRST_KEYS = (
    ("run.new", "start an experiment (try XOR first)"),
    ("app.tab_learn", "nine lectures, from one neuron to attention"),
    ("app.palette", "find any command"),
    ("app.help", "all keys"),
)


class Welcome(Sheet, can_focus=True):
    """Centred in place of the table."""

    SCOPE: ClassVar[Scope] = "runs"

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap

    def rows(self, width: int) -> Sequence[Row]:
        height = self.size.height
        body: list[Row] = []
        if not glyphs().ascii_only and height >= 18:
            body += [(Span(line, "done"),) for line in PICTURE] + [()]
        body += [(Span("dltui", "key"),), ()]
        body += [(Span(line, "text"),) for line in TEXT]
        body.append(())
        body += self._keys()
        top = max(0, (height - len(body)) // 2)
        return [()] * top + _centred(body, width)

    def _keys(self) -> list[Row]:
        named = [(shown(self._keymap.key_of(BY_ID[key])), text) for key, text in FIRST_KEYS]
        widest = max(len(text) for _, text in named)
        return [(Span(f"{key:>4}  ", "key"), Span(text.ljust(widest), "muted")) for key, text in named]


def _centred(rows: list[Row], width: int) -> list[Row]:
    return [(Span(" " * max(0, (width - row_width(row)) // 2)), *row) if row else row for row in rows]
