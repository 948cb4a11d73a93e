"""The end of what a worker printed; it follows while the end is in sight."""

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
    """Plain lines that scroll sideways; what a terminal would act on is spelled out."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._lines: list[str] = []
        self._open = ""
        self._is_cut = False
        self._left = 0
        self._run = ""
        self.offset_read = 0
        """bytes of the log that were taken in"""

    @property
    def run(self) -> str:
        return self._run

    def begin(self, run: str) -> None:
        """The log of another run."""
        if run != self._run:
            self._run, self._lines, self._open, self.offset_read = run, [], "", 0
            self._is_cut = False
            self._left = 0
            self.draw()
            self.scroll_to(y=0, animate=False)

    def add(self, text: str, until: int, *, begins: int = 0) -> None:
        """Text of the bytes `begins` to `until` of the log."""
        if not self._lines and not self._open:
            self._is_cut = begins > 0
        self.offset_read = until
        if not text:
            return
        *whole, self._open = (self._open + text).split("\n")
        self._lines += [_last_of(line) for line in whole]
        self._is_cut = self._is_cut or len(self._lines) > LINES_KEPT
        del self._lines[:-LINES_KEPT]
        self._open = self._open[-LINE_LIMIT:]
        self.draw()

    def draw(self) -> None:
        """Follows even when the text came before the sheet had its size."""
        follows = self.is_at_end
        super().draw()
        if follows:
            self.call_after_refresh(self.action_scroll_to, 1)

    def rows(self, width: int) -> Sequence[Row]:
        lines = self._texts()
        if not lines:
            return [(Span("the log is empty" if self._run else "", "muted"),)]
        above: list[Row] = [(Span("" if self._left else EARLIER, "muted"),)] if self._is_cut else []
        return [*above, *(_seen_part(line, self._left, width) for line in lines)]

    def action_scroll_sideways(self, way: int) -> None:
        """By half its width, at most to the end of the longest line."""
        width = self.scrollable_content_region.width
        most = max(0, max(map(cell_len, self._texts()), default=0) - width)
        self._left = max(0, min(self._left + way * max(1, width // 2), most))
        self.draw()

    def _texts(self) -> list[str]:
        lines = [*self._lines, _last_of(self._open)] if self._open else self._lines
        return [plain(line.expandtabs(4), limit=LINE_LIMIT) for line in lines]


def _seen_part(line: str, left: int, width: int) -> Row:
    """The cells of a line from `left` on; a sign stands at each end where there is more of it."""
    rest = line[left:] if line.isascii() else "".join(sign for sign, _ in cells((Span(line),))[left:])
    before = (Span(glyphs().cut, "muted"),) if left and line else ()
    return clipped((*before, Span(rest[len(before) :], "text")), width)


def _last_of(line: str) -> str:
    """What a progress bar left after its last carriage return."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]
