"""The view of one aid, over the whole width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.learn.aid_messages import AidLeft
from tui.learn.aid_pane import AidPane
from tui.learn.view import LearnView


class AidView(LearnView):
    SCOPE = "aid"
    BINDINGS: ClassVar[list[BindingType]] = []
    """the pane has the keys"""

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.pane = AidPane(self.context.session)
        self._back = "aids"

    def compose(self) -> ComposeResult:
        yield self.pane

    def focus_part(self) -> AidPane:
        return self.pane

    def select(self, selection: Mapping[str, Any]) -> None:
        """Show the aid `name` at `params`; escape goes back to the view `back`."""
        self._back = str(selection.get("back", "aids"))
        self.pane.show_aid(str(selection["name"]), selection.get("params") or {})

    @on(AidLeft)
    def _go_back(self) -> None:
        self.turn_to(self._back)
