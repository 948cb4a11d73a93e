"""Every key of the app: the one table behind dispatch, footer, help, palette and keymap file."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.keys import dialogs, everywhere, language, mnist, panes, repl, runs, sweep, xor
from tui.keys.key import Key as Key
from tui.keys.key import Scope as Scope
from tui.keys.key import inside as inside
from tui.keys.key import overlaps as overlaps

KEYS: tuple[Key, ...] = (
    *runs.KEYS, *xor.KEYS, *sweep.KEYS, *mnist.KEYS, *language.KEYS, *repl.KEYS,
    *panes.KEYS, *everywhere.KEYS, *dialogs.KEYS,
)  # fmt: skip
"""a tab's own keys come from its file in key_tables/"""

BY_ID = {key.id: key for key in KEYS}


def bindings(scope: Scope) -> list[BindingType]:
    """What a widget, a screen or the app of that scope listens to."""
    return [
        Binding(key.key, key.action, key.label, id=key.id, tooltip=key.help, show=key.rank > 0)
        for key in KEYS
        if key.scope == scope
    ]


SHOWN = {
    "question_mark": "?", "slash": "/", "comma": ",", "full_stop": ".", "right_square_bracket": "]",
    "left_square_bracket": "[", "plus": "+", "minus": "-", "equals_sign": "=", "colon": ":", "escape": "esc",
    "greater_than_sign": ">", "less_than_sign": "<",
    "pagedown": "pgdn", "pageup": "pgup", "up": "↑", "down": "↓", "left": "←", "right": "→", "delete": "del",
}  # fmt: skip
ASCII_SHOWN = {"up": "up", "down": "down", "left": "left", "right": "right"}


def shown(key: str, *, ascii_only: bool = False) -> str:
    """A key's name as a person knows it: ^p, ?, esc."""
    if key.startswith("ctrl+"):
        return "^" + key[5:]
    if key.startswith("shift+"):
        return "shift-" + shown(key[6:], ascii_only=ascii_only)
    if key.startswith("alt+"):
        return "alt-" + shown(key[4:], ascii_only=ascii_only)
    words = SHOWN | ASCII_SHOWN if ascii_only else SHOWN
    return words.get(key, key)
