"""How sentences lie in a text: one on each line, several on each line, or flowing over line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

LONGEST_PARAGRAPH = 1 << 16  # signs; where nothing ends a sentence for so long, it is ended
END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*\s+")
GAP = re.compile(r"\n[ \t]*\n\s*")
LAST_WORD = re.compile(r"(\w+(?:\.\w+)*)\.$")
SHORT = frozenset(
    (
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "cf",
        "no",
        "vol",
        "fig",
        "ed",
        "al",
        "mt",
        "gen",
        "col",
        "capt",
        "lt",
        "rev",
    )
)
OFTEN = 0.3


class SentenceLayout(StrEnum):
    LINES = "lines"
    PARAGRAPHS = "paragraphs"
    PROSE = "prose"


def detect_layout(sample: str) -> SentenceLayout:
    """LINES unless many sentences end within lines; PROSE where lines are broken at a margin."""
    lines = [line.strip() for line in sample.split("\n") if line.strip()]
    if len(lines) < 2:
        return SentenceLayout.PARAGRAPHS
    inside = sum(1 for line in lines for _ in break_points(line)) / len(lines)
    if _are_wrapped(lines) and inside > 0.02:
        return SentenceLayout.PROSE
    return SentenceLayout.PARAGRAPHS if inside > OFTEN else SentenceLayout.LINES


def _are_wrapped(lines: list[str]) -> bool:
    """Most lines are nearly as long as the longest, and many sentences go on in the next line."""
    lengths = sorted(map(len, lines))
    is_even = lengths[len(lengths) // 2] > 0.8 * lengths[len(lengths) * 19 // 20]
    on = sum(not a.endswith((".", "!", "?", ":", '"')) and b[0].islower() for a, b in pairwise(lines))
    return is_even and on > OFTEN * len(lines)


def break_points(paragraph: str) -> Iterator[int]:
    """Where the next sentence begins: after an end mark, not of an abbreviation, and no small letter."""
    for found in END.finditer(paragraph):
        follows = paragraph[found.end() : found.end() + 1]
        if follows and not follows.islower() and not _is_short(paragraph, found):
            yield found.end()


def _is_short(paragraph: str, found: re.Match[str]) -> bool:
    before = LAST_WORD.search(paragraph[max(found.start() - 16, 0) : found.start() + 1])
    if before is None or not found[0].startswith(".") or found[0].startswith(".."):
        return False
    word = before[1]
    return word.lower() in SHORT or (len(word) == 1 and word.isupper() and word != "I")


def split_paragraph(paragraph: str) -> Iterator[str]:
    begin = 0
    for point in break_points(paragraph):
        yield paragraph[begin:point]
        begin = point
    yield paragraph[begin:]


@dataclass(slots=True)
class Splitter:
    """Blocks of text in, sentences out; in between never more than a paragraph is held."""

    layout: SentenceLayout
    _open: str = ""

    def feed(self, block: str) -> Iterator[str]:
        """`block` ends at the end of a line, or where a line is too long to be held."""
        if self.layout is SentenceLayout.LINES:
            yield from block.split("\n")
        elif self.layout is SentenceLayout.PARAGRAPHS:
            for line in block.split("\n"):
                yield from split_paragraph(line)
        else:
            yield from self._flow(block)

    def _flow(self, block: str) -> Iterator[str]:
        paragraphs = GAP.split(self._open + block)
        self._open = paragraphs.pop()
        for paragraph in paragraphs:
            yield from split_paragraph(paragraph.replace("\n", " "))
        if len(self._open) > LONGEST_PARAGRAPH:
            *whole, self._open = split_paragraph(self._open.replace("\n", " "))
            yield from whole
        if len(self._open) > LONGEST_PARAGRAPH:
            yield self._open
            self._open = ""

    def close(self) -> Iterator[str]:
        yield from split_paragraph(self._open.replace("\n", " "))
        self._open = ""
