"""Lines of a log that a pattern matches: found part by part, so that a log of any size is searched."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from engine.protocol import LogPart
from engine.text_pattern import PatternError, TextPattern
from tui.data.log_window import lines_of, visible_part

PART = 256 * 1024
"""bytes of one request"""
SCAN_LIMIT = 32 * 1024 * 1024
"""bytes at the end of a log that are searched"""
MATCHES_LIMIT = 100_000
SEARCHED = 4_000
"""characters of a line that are searched"""
_REPEATS = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\d*\})")

_OF_ONE_LINE = re.compile(r"\\[AZzDSWs]|\[\^|\(\?")
"""what may match otherwise, or not, in a text of several lines"""

ERRORS = re.compile(
    r"(?:^|[\s\[(|>:.])[A-Z]\w*(?:Error|Exception|Interrupt)\b"
    r"(?![ \t]*[:=]?[ \t]*[-+]?[\d.]|[ \t]*[=(])"
    r"|\b(?:ERROR|CRITICAL|FATAL|PANIC)\b"
    r"|\b(?:[Ee]rror|[Ff]atal|[Ee]xception):(?![ \t]*(?:[-+]?[\d.]|nan|inf))"
    r"|\b(?:Segmentation fault|Bus error|core dumped|Illegal instruction)\b"
    r"|\b(?:[Oo]ut of memory|CUDA error|NCCL error|No space left on device)\b"
    r"|(?:^|\s)(?:Killed|Aborted)[ \t]*$",
    re.MULTILINE,
)
"""a line that tells an error: the name of an exception, a level such as ERROR, what a shell says of a death.

Not the words of a metric: `error 0.25`, `val_error: 0.1`, `mean squared error`.
"""


@dataclass(frozen=True, slots=True)
class LinePattern:
    """`matches` decides on a line; where `may_match` finds nothing in a text of many lines, none matches."""

    matches: Callable[[str], bool]
    may_match: Callable[[str], object] | None = None


def is_error(line: str) -> bool:
    return ERRORS.search(line[:SEARCHED]) is not None


ERROR_LINES = LinePattern(is_error, ERRORS.search)


def pattern_of(text: str) -> LinePattern:
    """A regular expression, capitals or not, that takes time in proportion to the text.

    Raises PatternError, in one line.
    """
    try:
        compiled = re.compile(text, re.IGNORECASE | re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(str(error)) from error
    if len(_REPEATS.findall(text)) > 1:  # such as (a+)+, which may take for ever
        checked = TextPattern(text)
        return LinePattern(lambda line: checked.search(line[:SEARCHED]))
    search = compiled.search
    is_simple = not _OF_ONE_LINE.search(text) and not _REPEATS.search(text)
    return LinePattern(lambda line: search(line[:SEARCHED]) is not None, search if is_simple else None)


class LogMatches:
    """The offsets of the lines that match, of the bytes `begins` to `scanned` of a log."""

    def __init__(self, pattern: LinePattern) -> None:
        self._pattern = pattern
        self.offsets = array("q")
        self.begins = self.scanned = 0
        self.is_cut = False
        """there are more than MATCHES_LIMIT: those at the end are left out"""

    def __len__(self) -> int:
        return len(self.offsets)

    def begin(self, size: int, first: int = 0) -> None:
        """Search a log of `size` bytes, of which those from `first` on are kept: SCAN_LIMIT at its end."""
        self.begins = self.scanned = max(first, size - SCAN_LIMIT)

    def add(self, part: LogPart, *, is_last: bool) -> None:
        """Search the part that begins at `scanned`, or later where what is before is not kept any more.

        A line that goes on behind the part is left to the next one, unless it `is_last`.
        """
        text = part.text
        whole = text if is_last else text[: text.rfind("\n") + 1]
        if not whole and len(text) >= SEARCHED:
            whole = text  # a line without end
        end = part.end if len(whole) == len(text) else min(part.end, part.offset + len(whole.encode()))
        may_match = self._pattern.may_match
        is_empty = may_match is not None and "\r" not in whole and not may_match(whole)
        for line in () if is_empty else lines_of(whole, part.offset, end):
            if self._pattern.matches(visible_part(line.text)):
                if len(self.offsets) >= MATCHES_LIMIT:
                    self.is_cut = True
                    break
                if not self.offsets or line.offset > self.offsets[-1]:
                    self.offsets.append(line.offset)
        self.scanned = max(self.scanned, end)

    def after(self, offset: int) -> int | None:
        """The next match behind a line; None where there is none."""
        index = bisect_right(self.offsets, offset)
        return self.offsets[index] if index < len(self.offsets) else None

    def before(self, offset: int) -> int | None:
        index = bisect_left(self.offsets, offset) - 1
        return self.offsets[index] if index >= 0 else None

    def place_of(self, offset: int) -> int | None:
        """The number of the match at a line, from 1; None where the line is no match."""
        index = bisect_left(self.offsets, offset)
        return index + 1 if index < len(self.offsets) and self.offsets[index] == offset else None
