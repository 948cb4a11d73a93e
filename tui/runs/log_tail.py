"""The end of a run's log; it scrolls with new output while its end is visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, cells, clipped

LINES_KEPT = 2_000
LINE_LIMIT = 1_000
EARLIER = "(earlier output: dltui logs)"


class LogTail(Sheet):
    """Lines that scroll horizontally; control characters are escaped."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._lines: list[str] = []
        self._unfinished = ""
        self._is_cut = False
        self._left = 0
        self._run = ""
        self.offset_read = 0
        """offset in bytes up to which the log was read"""

    @property
    def run(self) -> str:
        return self._run

    def open(self, run: str) -> None:
        """Clear the lines and show the log of `run`, unless it is shown already."""
        if run != self._run:
            self._run, self._lines, self._unfinished, self.offset_read = run, [], "", 0
            self._is_cut = False
            self._left = 0
            self.draw()
            self.scroll_to(y=0, animate=False)

    def append(self, text: str, until: int, *, start: int = 0) -> None:
        """Append the text of the bytes `start` to `until` of the log."""
        if not self._lines and not self._unfinished:
            self._is_cut = start > 0
        self.offset_read = until
        if not text:
            return
        *whole, self._unfinished = (self._unfinished + text).split("\n")
        self._lines += [_visible_part(line) for line in whole]
        self._is_cut = self._is_cut or len(self._lines) > LINES_KEPT
        del self._lines[:-LINES_KEPT]
        self._unfinished = self._unfinished[-LINE_LIMIT:]
        self.draw()

    def draw(self) -> None:
        """Scrolls to the end also when the text came before the widget had a size."""
        follows = self.is_at_end
        super().draw()
        if follows:
            self.call_after_refresh(self.action_scroll_to, 1)

    def rows(self, width: int) -> Sequence[Row]:
        lines = self._texts()
        if not lines:
            return [(Span("the log is empty" if self._run else "", "muted"),)]
        above: list[Row] = [(Span("" if self._left else EARLIER, "muted"),)] if self._is_cut else []
        return [*above, *(_visible_cells(line, self._left, width) for line in lines)]

    def action_scroll_sideways(self, way: int) -> None:
        """Scroll by half the width, at most to the end of the longest line."""
        width = self.scrollable_content_region.width
        most = max(0, max(map(cell_len, self._texts()), default=0) - width)
        self._left = max(0, min(self._left + way * max(1, width // 2), most))
        self.draw()

    def _texts(self) -> list[str]:
        lines = [*self._lines, _visible_part(self._unfinished)] if self._unfinished else self._lines
        return [plain(line.expandtabs(4), limit=LINE_LIMIT) for line in lines]


def _visible_cells(line: str, left: int, width: int) -> Row:
    """The cells of a line from `left` on, with a sign at each end where it is cut."""
    rest = line[left:] if line.isascii() else "".join(sign for sign, _ in cells((Span(line),))[left:])
    before = (Span(glyphs().cut, "muted"),) if left and line else ()
    return clipped((*before, Span(rest[len(before) :], "text")), width)


def _visible_part(line: str) -> str:
    """The part of a line that carriage returns leave visible, as of a progress bar."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]
