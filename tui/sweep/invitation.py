"""What one sees before there is any sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tui.keys import BY_ID, Scope, shown
from tui.widgets.sheet import Sheet
from tui.widgets.span import Row, Span


class Invitation(Sheet, can_focus=True, inherit_bindings=False):
    """Has the focus, so that the keys of the tab are heard."""

    SCOPE: ClassVar[Scope] = "sweep"

    def rows(self, width: int) -> Sequence[Row]:
        key = shown(BY_ID["sweep.new"].key)
        return (
            (),
            (Span(" A sweep trains one experiment many times, with different parameters,", "text"),),
            (Span(" and shows which of them matter.", "text"),),
            (),
            (Span(f"   {key}", "key"), Span("  set up a sweep", "muted")),
        )
