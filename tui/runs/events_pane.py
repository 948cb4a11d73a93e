"""The pane of the events of a run: attempts, checkpoints, changed parameters, notes, its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tui.data.run_timeline import TimelineEntry
from tui.runs.step_list import StepList
from tui.terminal.plain_text import plain
from tui.ui.numbers import whole
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

STEP_WIDTH = 9
LINES = 3
"""most lines of one event"""


class EventsPane(StepList):
    """A row per event, the newest first: step, time of the day, what happened."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._found: Sequence[TimelineEntry] | None = None

    def update(self, entries: Sequence[TimelineEntry] | None) -> None:
        """Replace the events, which come in the order in which they happened; None while they are loading."""
        found = None if entries is None else tuple(reversed(entries))
        if found != self._found:
            self._found = found
            self.entries_changed()

    def steps(self) -> Sequence[float]:
        return [one.step for one in self._found or ()]

    def entry_rows(self, width: int) -> Sequence[tuple[int | None, Row]]:
        if self._found is None:
            return ()
        if not self._found:
            return [(None, (Span("nothing happened yet", "muted"),))]
        rows: list[tuple[int | None, Row]] = [(None, (Span(f"{'step':>{STEP_WIDTH}}  time", "muted"),))]
        for index, one in enumerate(self._found):
            rows += [(index, row) for row in _rows_of(one, width)]
        return rows


def _rows_of(entry: TimelineEntry, width: int) -> list[Row]:
    at = time.strftime("%H:%M:%S", time.localtime(entry.at))
    head = f"{whole(entry.step):>{STEP_WIDTH}}  {at}  "
    lines = wrap_text(plain(entry.text, limit=300), max(10, width - len(head)), entry.style_name)[:LINES]
    indent = Span(" " * len(head))
    return [(Span(head, "muted") if not number else indent, *row) for number, row in enumerate(lines)]
