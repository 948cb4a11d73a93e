"""A key of the app."""

from __future__ import annotations

from dataclasses import dataclass

Scope = str
"""where a key is active: a tab, a part of one while it has the focus, a dialog, or `app` for everywhere"""


@dataclass(frozen=True, slots=True)
class Key:
    """`label` is its text in the footer, `rank` its order there; 0: not in the footer."""

    id: str
    key: str
    action: str
    label: str
    help: str
    scope: Scope
    rank: int = 0
    group: str = ""
    """its heading in the help; empty: that of its scope"""


def view_keys(tab: Scope, title: str, rank: int, **views: tuple[str, str, str]) -> tuple[Key, ...]:
    """The keys of the views of a ViewsTab, as (key, label, help) by name, and those of the next and the
    previous view; `rank` is that of the next one."""
    named = [
        Key(f"{tab}.{name}", key, f"turn_to('{name}')", label, help, tab, 0, title)
        for name, (key, label, help) in views.items()
    ]
    after = Key(f"{tab}.next", "right_square_bracket", "turn(1)", "next view", "Next view", tab, rank, title)
    before = Key(
        f"{tab}.previous", "left_square_bracket", "turn(-1)", "previous view", "Previous view", tab, 0, title
    )
    return (*named, after, before)
