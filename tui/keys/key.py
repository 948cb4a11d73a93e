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
