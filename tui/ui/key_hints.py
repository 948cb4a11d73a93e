"""The footer: the keys of the focused widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from tui.keys.all_keys import KEYS, OWNERS, Key, Scope, inside, shown
from tui.keys.user_keymap import Keymap
from tui.tabs import TabName
from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span


class KeyHints(Line):
    """As many keys as fit, by rank; those of the app, at the end, always."""

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap
        self._scope: Scope = "app"
        self._tab: TabName = "runs"
        self._labels: Mapping[str, str] = {}

    def update(self, scope: Scope, labels: Mapping[str, str], tab: TabName = "runs") -> None:
        """`labels` replace those of the key table, by binding id; an empty label hides the key."""
        self._scope, self._tab, self._labels = scope, tab, dict(labels)
        self.draw()

    def row(self, width: int) -> Row:
        spans = [Span(" ")]
        actions = []
        at = 1
        for key, name, label in self._fitting(width):
            end = at + cell_len(name) + 1 + cell_len(label)
            spans += [Span(name, "key"), Span(f" {label}", "muted"), Span("  ")]
            actions.append((range(at, end), f"app.press({key.id!r})"))
            at = end + 2
        self.make_clickable(actions)
        return tuple(spans)

    def _fitting(self, width: int) -> list[tuple[Key, str, str]]:
        hints = [hint for key in ranked(self._scope, self._tab) if (hint := self._hint(key))[2]]
        least = [hint for hint in hints if hint[0].scope == "app"]
        room = width - 1 - sum(map(_size, least))
        kept = []
        for hint in hints:
            if hint in least:
                continue
            room -= _size(hint)
            if room < 0:
                break
            kept.append(hint)
        return kept + least

    def _hint(self, key: Key) -> tuple[Key, str, str]:
        name = shown(self._keymap.key_of(key), ascii_only=glyphs().ascii_only)
        return key, name, self._labels.get(key.id, key.label)


def ranked(scope: Scope, tab: TabName = "runs") -> Sequence[Key]:
    """The keys of a footer: the innermost scope's own first, the app's last."""
    active = [key for key in KEYS if key.rank and key.scope in inside(scope, tab)]
    own = scope if scope in OWNERS and scope != "table" else ""
    return sorted(active, key=lambda key: (key.scope != own, key.rank))


def _size(hint: tuple[Key, str, str]) -> int:
    return cell_len(hint[1]) + 1 + cell_len(hint[2]) + 2
