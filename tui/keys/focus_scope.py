"""Which keys are active, by the focused widget."""

from __future__ import annotations

from textual.widget import Widget

from tui.keys.key import Scope
from tui.tabs import TabName


def scope_of(focused: Widget | None, tab: TabName = "runs") -> Scope:
    """The SCOPE of the focused widget or its nearest ancestor with one; else the tab."""
    for node in focused.ancestors_with_self if focused is not None else ():
        scope: Scope | None = getattr(node, "SCOPE", None)
        if scope is not None:
            return scope
    return tab
