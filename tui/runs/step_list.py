"""A list whose entries belong to steps of a run: a cursor on one of them goes with the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.style import Style
from textual import events

from tui.runs.linked_step import StepChosen
from tui.ui.sheet import Sheet
from tui.ui.span import Row
from tui.ui.styles import styles_of


class StepList(Sheet):
    """Without an entry the keys scroll. A subclass gives the steps of its entries, and its rows.

    The order of the entries is that on the screen; their steps may come in any.
    """

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._cursor: int | None = None
        self._shown_step: float | None = None
        self._entries: list[int | None] = []
        """by row"""

    def steps(self) -> Sequence[float]:
        """The step of each entry."""
        raise NotImplementedError

    def entry_rows(self, width: int) -> Sequence[tuple[int | None, Row]]:
        """The rows, each with the index of its entry; None for a head or a remark below the list."""
        raise NotImplementedError

    def rows(self, width: int) -> Sequence[Row]:
        found = self.entry_rows(width)
        self._entries = [entry for entry, _ in found]
        return [row for _, row in found]

    def entries_changed(self) -> None:
        """Draw them, with the cursor where the crosshair is."""
        self._cursor = self._index_at(self._shown_step)
        self.draw()
        self.refresh()

    def show_step(self, step: float | None) -> None:
        self._shown_step = step
        self._place(self._index_at(step))

    def _index_at(self, step: float | None) -> int | None:
        """The entry at a step, else the last one before it; None where there is none."""
        if step is None:
            return None
        before = [(at, -index) for index, at in enumerate(self.steps()) if at <= step]
        return -max(before)[1] if before else None

    def _place(self, index: int | None) -> None:
        if index == self._cursor:
            return
        self._cursor = index
        self.refresh()
        if index is not None and index in self._entries:
            row, height = self._entries.index(index), max(1, self.size.height)
            top = self.scroll_offset.y
            if not top <= row < top + height:
                self.scroll_to(y=max(0, row - height + 1 if row >= top + height else row), animate=False)

    def _choose(self, index: int) -> None:
        steps = self.steps()
        index = min(max(index, 0), len(steps) - 1)
        self._place(index)
        self._shown_step = steps[index]
        self.post_message(StepChosen(steps[index], self))

    def action_scroll(self, rows: int) -> None:
        count = len(self.steps())
        if not count:
            super().action_scroll(rows)
        elif self._cursor is None:
            self._choose(0 if rows > 0 else count - 1)
        else:
            self._choose(self._cursor + rows)

    def action_scroll_page(self, pages: int) -> None:
        if not self.steps():
            super().action_scroll_page(pages)
        else:
            self._choose((self._cursor or 0) + pages * max(1, self.size.height - 1))

    def action_scroll_to(self, end: int) -> None:
        if not self.steps():
            super().action_scroll_to(end)
        else:
            self._choose(len(self.steps()) - 1 if end else 0)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        entry = self._entries[row] if row < len(self._entries) else None
        if entry is not None:
            self._choose(entry)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def row_style(self, index: int) -> Style | None:
        if self._cursor is None or index >= len(self._entries) or self._entries[index] != self._cursor:
            return None
        styles = styles_of(self.app)
        return styles.cursor if self.has_focus else styles.resting
