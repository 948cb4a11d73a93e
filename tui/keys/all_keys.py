"""Every key of the app: one table for bindings, footer, help, palette and keymap file."""

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
"""the keys of a tab are in its file beside this one"""

BY_ID = {key.id: key for key in KEYS}


def bindings(scope: Scope) -> list[BindingType]:
    """The bindings of a widget, a screen or the app of that scope."""
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
    """The name of a key as it is displayed: ^p, ?, esc."""
    if key.startswith("ctrl+"):
        return "^" + key[5:]
    if key.startswith("shift+"):
        return "shift-" + shown(key[6:], ascii_only=ascii_only)
    if key.startswith("alt+"):
        return "alt-" + shown(key[4:], ascii_only=ascii_only)
    names = SHOWN | ASCII_SHOWN if ascii_only else SHOWN
    return names.get(key, key)
