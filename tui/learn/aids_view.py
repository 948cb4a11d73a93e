"""The view `aids`: everything one can touch, by lecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.session_protocol.learn import AidLine, AidsRequest, ListedAids
from tui.learn.cursor_list import ListRow, cursor_sign
from tui.learn.today_rows import number_of
from tui.learn.view import LearnListView
from tui.terminal.glyphs import glyphs
from tui.ui.span import Span, clipped, justified

TITLE = 36


class AidsView(LearnListView):
    SCOPE = "aids"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self._aids: Sequence[AidLine] = ()

    def fetch(self) -> None:
        self.request(AidsRequest(), self._update, "learn aids")

    def _update(self, listed: ListedAids) -> None:
        self._aids = listed.aids
        self.entries.draw()

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        rows: list[ListRow] = []
        lecture = ""
        for place, line in enumerate(self._aids):
            if line.lecture != lecture:
                lecture = line.lecture
                rows += [((), None), ((Span(f"   lecture {number_of(lecture)}", "muted"),), None)]
            is_here = place == cursor
            row = (
                cursor_sign(is_here),
                Span(f"{glyphs().dot if line.is_seen else ' '} ", "good"),
                Span(justified(line.title, TITLE), "strong" if is_here else "text"),
                Span(justified(line.lab or "", 18) if width >= 100 else "", "link"),
                Span(line.how, "muted"),
            )
            rows.append((clipped(row, width), place))
        return rows

    def action_open(self) -> None:
        if self.entries.cursor < len(self._aids):
            self.turn_to("aid", name=self._aids[self.entries.cursor].name, back="aids")
