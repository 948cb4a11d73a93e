"""The pane of a run's code: its files as they were trained, and what differs from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from engine.protocol import RunSummary
from tui.data.code_text import CHANGED_SINCE, NOT_COMMITTED, code_fact, diff_style, sections
from tui.data.log_window import LINE_LIMIT
from tui.runs.detail_panes import visible_cells
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row
from tui.ui.wrap import wrap_text

if TYPE_CHECKING:
    from engine.experiment_files.code import RunCode

LINES = 5_000
"""most lines that are shown"""
OURS = "The code of this experiment is part of dltui."
COMMAND = "This run is a command: its script is not kept."


class CodeSheet(Sheet):
    """The code of a run, with the lines that were changed; long lines scroll sideways."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._shown: tuple[str, int] | None = None
        self._is_loaded = False
        self._note = ""
        self._lines: list[tuple[str, str]] = []
        """text and style"""
        self._left = 0

    def expire(self) -> None:
        """Load the code again when it is shown next: the file may have been changed."""
        self._is_loaded = False

    def open(self, run: RunSummary) -> bool:
        """Whether the code of `run` has to be loaded."""
        wanted = (run.id, run.attempt)
        if wanted == self._shown and self._is_loaded:
            return False
        self._is_loaded = True
        is_other = self._shown is None or self._shown[0] != run.id
        self._shown = wanted
        if is_other:
            self._note, self._lines, self._left = "", [], 0
            self.draw()
            self.scroll_to(y=0, animate=False)
        return True

    def fail(self, run: RunSummary, text: str) -> None:
        self._show(run, text, [])

    def update(self, run: RunSummary, code: RunCode | None) -> None:
        if code is None:
            self._show(run, COMMAND if run.spec.command else OURS, [])
        else:
            self._show(run, code_fact(code), _lines(code))

    def _show(self, run: RunSummary, note: str, lines: list[tuple[str, str]]) -> None:
        if self._shown is not None and self._shown[0] == run.id:
            self._note, self._lines = note, lines
            self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        rows: list[Row] = [*wrap_text(plain(self._note, limit=1_000), width, "muted")] if self._note else []
        for text, style in self._lines:
            rows.append(visible_cells(text, self._left, width, style) if text else ())
        return rows

    def action_scroll_sideways(self, way: int) -> None:
        """Scroll by half the width, at most to the end of the longest line."""
        width = self.scrollable_content_region.width
        most = max(0, max((cell_len(text) for text, _ in self._lines), default=0) - width)
        self._left = max(0, min(self._left + way * max(1, width // 2), most))
        self.draw()


def _lines(code: RunCode) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for title, text in sections(code):
        is_diff = title.startswith((CHANGED_SINCE, NOT_COMMITTED))
        lines += [("", ""), (plain(title, limit=200), "strong")]
        for line in text.split("\n"):
            lines.append(
                (plain(line.expandtabs(4), limit=LINE_LIMIT), diff_style(line) if is_diff else "text")
            )
    return lines[:LINES]
