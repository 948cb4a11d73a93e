"""The lines of a log that are held: a part of it, which grows at either end and is cut at the other."""

from __future__ import annotations

from bisect import bisect_right

from engine.protocol import LogPart
from tui.data.log_steps import LogLine

LINES_KEPT = 4_000
LINE_LIMIT = 1_000
"""characters of a line that are kept"""


def lines_of(text: str, start: int, end: int) -> list[LogLine]:
    """The lines of a text that stands at bytes `start` to `end`; the last one may be unfinished.

    Where bytes were replaced in decoding, offsets within the text are about right.
    """
    found, offset, is_ascii = [], start, text.isascii()
    size = len(text) if is_ascii else len(text.encode())
    scale = (end - start) / size if size and size != end - start else 1.0
    texts = text.split("\n")
    if not texts[-1]:
        texts.pop()
    for one in texts:
        found.append(LogLine(offset if scale == 1.0 else start + int((offset - start) * scale), one))
        offset += (len(one) if is_ascii else len(one.encode())) + 1
    return found


def visible_part(line: str) -> str:
    """The part of a line that carriage returns leave visible, as of a progress bar."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]


class LogWindow:
    """Lines of bytes `start` to `end` of a log of `size` bytes; the first one is whole."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.start = self.end = self.size = 0
        self.is_at_start = False
        """nothing that is kept is before it"""
        self._last_is_whole = True

    @property
    def is_at_end(self) -> bool:
        return self.end >= self.size

    def replace(self, part: LogPart) -> None:
        """Hold this part alone; it may begin within a line."""
        self.lines, self._last_is_whole = [], True
        self.start = self.end = part.offset
        self.is_at_start = part.offset == 0
        begins = part.text.find("\n") + 1 if part.offset else 0
        if begins:
            skipped = len(part.text[:begins].encode())
            self.start = self.end = min(part.end, part.offset + skipped)
        self.append(LogPart(part.text[begins:], self.start, part.end, part.size))

    def append(self, part: LogPart) -> None:
        """Add what follows; lines are dropped at the beginning where there are too many."""
        self.size = max(part.size, part.end)
        if not part.text:
            self.end = max(self.end, part.end)
            return
        if not self.lines:
            self.start = part.offset
        new = lines_of(part.text, part.offset, part.end)
        if not self._last_is_whole and self.lines and part.offset == self.end:
            offset, begun = self.lines.pop()
            rest = new[0].text if new else ""
            new = [LogLine(offset, begun + rest), *new[1:]]
        self.lines += [LogLine(one.offset, _kept(one.text)) for one in new]
        self.end, self._last_is_whole = part.end, part.text.endswith("\n")
        if len(self.lines) > LINES_KEPT:
            del self.lines[:-LINES_KEPT]
            self.start, self.is_at_start = self.lines[0].offset, False

    def prepend(self, part: LogPart) -> int:
        """Add what comes before `start`; returns the number of lines added.

        Lines are dropped at the end where there are too many.
        """
        self.size = max(self.size, part.size)
        self.is_at_start = part.offset == 0 or part.offset >= self.start or not part.text
        if part.end < self.start or not part.text or part.offset >= self.start:
            return 0
        text = part.text
        begins = text.find("\n") + 1 if part.offset else 0
        offset = part.offset + (len(text[:begins].encode()) if 0 < begins < len(text) else 0)
        new = lines_of(text[begins:] if begins < len(text) else text, offset, part.end)
        self.lines[:0] = [LogLine(one.offset, _kept(one.text)) for one in new]
        self.start = offset
        if len(self.lines) > LINES_KEPT:
            self.end, self._last_is_whole = self.lines[LINES_KEPT].offset, True
            del self.lines[LINES_KEPT:]
        return len(new)

    def index_of(self, offset: int) -> int:
        """The line in which a byte is; the first or the last one where it is none of these."""
        found = bisect_right(self.lines, offset, key=lambda line: line.offset) - 1
        return min(max(found, 0), max(0, len(self.lines) - 1))

    def holds(self, offset: int) -> bool:
        return bool(self.lines) and self.start <= offset and (offset < self.end or self.is_at_end)


def _kept(text: str) -> str:
    """The end of a line that is very long, before a carriage return, is what is seen."""
    return visible_part(text)[:LINE_LIMIT] if len(text) > LINE_LIMIT else text
