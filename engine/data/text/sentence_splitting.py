"""Layout of sentences in a text: one per line, several per line, or continued over line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

LONGEST_PARAGRAPH = 1 << 16  # characters; a longer sentence is cut
END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*\s+")
PARAGRAPH_GAP = re.compile(r"\n[ \t]*\n\s*")
LAST_WORD = re.compile(r"(\w+(?:\.\w+)*)\.$")
ABBREVIATIONS = frozenset(
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
MIN_SHARE = 0.3


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
    return SentenceLayout.PARAGRAPHS if inside > MIN_SHARE else SentenceLayout.LINES


def _are_wrapped(lines: list[str]) -> bool:
    """Whether most lines are nearly as long as the longest, and many sentences continue in the next line."""
    lengths = sorted(map(len, lines))
    is_even = lengths[len(lengths) // 2] > 0.8 * lengths[len(lengths) * 19 // 20]
    on = sum(not a.endswith((".", "!", "?", ":", '"')) and b[0].islower() for a, b in pairwise(lines))
    return is_even and on > MIN_SHARE * len(lines)


def break_points(paragraph: str) -> Iterator[int]:
    """Offsets of sentence starts: after an end mark that ends no abbreviation, before no lower-case
    letter."""
    for found in END.finditer(paragraph):
        follows = paragraph[found.end() : found.end() + 1]
        if follows and not follows.islower() and not _is_abbreviation(paragraph, found):
            yield found.end()


def _is_abbreviation(paragraph: str, found: re.Match[str]) -> bool:
    before = LAST_WORD.search(paragraph[max(found.start() - 16, 0) : found.start() + 1])
    if before is None or not found[0].startswith(".") or found[0].startswith(".."):
        return False
    word = before[1]
    return word.lower() in ABBREVIATIONS or (len(word) == 1 and word.isupper() and word != "I")


def split_paragraph(paragraph: str) -> Iterator[str]:
    begin = 0
    for point in break_points(paragraph):
        yield paragraph[begin:point]
        begin = point
    yield paragraph[begin:]


@dataclass(slots=True)
class Splitter:
    """Splits blocks of text into sentences; keeps at most one paragraph between blocks."""

    layout: SentenceLayout
    _open: str = ""

    def feed(self, block: str) -> Iterator[str]:
        """The complete sentences so far. `block` has to end at a line end, or where a line is too long for
        memory."""
        if self.layout is SentenceLayout.LINES:
            yield from block.split("\n")
        elif self.layout is SentenceLayout.PARAGRAPHS:
            for line in block.split("\n"):
                yield from split_paragraph(line)
        else:
            yield from self._feed_prose(block)

    def _feed_prose(self, block: str) -> Iterator[str]:
        paragraphs = PARAGRAPH_GAP.split(self._open + block)
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
