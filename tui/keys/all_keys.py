"""Every key of the app: one table for bindings, footer, help, palette and keymap file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.keys import dialogs, everywhere, panes
from tui.keys.key import Key as Key
from tui.keys.key import Scope as Scope
from tui.tabs import TABS, TITLES, TabName

_OF_TABS = {entry.name: import_module(f"tui.keys.{entry.name}") for entry in TABS if entry.page}
"""the keys of a tab are in the file of its name beside this one"""
_FILES = (*_OF_TABS.values(), panes, everywhere, dialogs)

KEYS: tuple[Key, ...] = tuple(key for file in _FILES for key in file.KEYS)
HEADINGS: Mapping[Scope, str] = TITLES | {
    name: title for file in _FILES for name, title in file.SCOPES.items()
}
"""the heading of each scope in the help"""
MODAL = ("prompt", "card", "videos", *dialogs.SCOPES)
"""where letters are typed text, so that no key of another scope is active"""
OWNERS: Mapping[Scope, tuple[TabName, ...]] = {
    scope: (tab,) for tab, file in _OF_TABS.items() for scope in file.SCOPES if scope not in MODAL
} | dict.fromkeys(panes.SCOPES, tuple(TITLES))
"""the tabs that contain a part with keys of its own"""

BY_ID = {key.id: key for key in KEYS}


def bindings(scope: Scope) -> list[BindingType]:
    """The bindings of a widget, a screen or the app of that scope."""
    return [
        Binding(key.key, key.action, key.label, id=key.id, tooltip=key.help, show=key.rank > 0)
        for key in KEYS
        if key.scope == scope
    ]


def heading_of(key: Key) -> str:
    """The heading of a key in the help."""
    return key.group or HEADINGS[key.scope]


def inside(scope: Scope, tab: TabName = "runs") -> tuple[Scope, ...]:
    """The scopes that are active where `scope` has the focus in `tab`, the innermost first."""
    if scope in MODAL or scope == "app":
        return (scope,)
    return (scope, tab, "app") if scope in OWNERS else (scope, "app")


def overlaps(first: Scope, second: Scope) -> bool:
    """Whether both scopes can be active at once."""
    return _reaches(first, second) or _reaches(second, first)


def _reaches(outer: Scope, inner: Scope) -> bool:
    return any(outer in inside(inner, tab) for tab in OWNERS.get(inner, ("runs",)))


def scope_of(focused: Widget | None, tab: TabName = "runs") -> Scope:
    """The SCOPE of the focused widget or its nearest ancestor with one; else the tab."""
    for node in focused.ancestors_with_self if focused is not None else ():
        scope: Scope | None = getattr(node, "SCOPE", None)
        if scope is not None:
            return scope
    return tab


SHOWN = {
    "question_mark": "?", "slash": "/", "comma": ",", "full_stop": ".", "right_square_bracket": "]",
    "left_square_bracket": "[", "right_curly_bracket": "}", "left_curly_bracket": "{",
    "plus": "+", "minus": "-", "equals_sign": "=", "colon": ":", "escape": "esc",
    "number_sign": "#", "ampersand": "&", "percent_sign": "%", "at": "@", "asterisk": "*",
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
