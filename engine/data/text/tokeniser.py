"""Splitting text into words, and joining words to text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from engine.data.text.character_classes import MarksApart, WithoutMarks
from engine.errors import DataError

WITHOUT_MARKS, MARKS_APART = WithoutMarks(), MarksApart()
LOOSE = re.compile(  # apostrophes and hyphens at the edge of a word, full stops and commas not between digits
    r"(?<![^\W_])['-]+|['-]+(?![^\W_])|(?<!\d)[.,]|[.,](?!\d)"
)
UNKNOWN, MARKED = "<UNK>", "<unk>"
CLOSING = frozenset(".,;:!?)]}%\u2026")
OPENING = frozenset("([{$#@\u00a3\u20ac")


class Tokeniser(StrEnum):
    """PLAIN: lower case, punctuation removed, split at spaces: "Don't stop!" is `dont stop`.

    PUNCTUATION: lower case, each punctuation mark is a word, apostrophes and hyphens are kept inside words,
    full stops and commas inside numbers: "Don't stop!" is `don't stop !`.
    """

    PLAIN = "plain"
    PUNCTUATION = "punctuation"

    @classmethod
    def named(cls, name: str) -> Tokeniser:
        """Raises DataError."""
        if name not in [member.value for member in cls]:
            raise DataError(f"There is no tokeniser {name!r}, expected {' or '.join(cls)}.")
        return cls(name)

    def normalise(self, text: str) -> str:
        """Words separated by white space; line ends are kept, so that one call can normalise many sentences.

        Control, format and other invisible characters are removed. `<unk>`, which corpora use for an unknown
        word, becomes UNKNOWN.
        """
        text = text.lower()
        if MARKED in text:
            return f" {UNKNOWN} ".join(self._normalised(piece) for piece in text.split(MARKED))
        return self._normalised(text)

    def _normalised(self, text: str) -> str:
        """Normalise lower-case text without MARKED."""
        text = unicodedata.normalize("NFC", text)
        if self is Tokeniser.PLAIN:
            return text.replace("--", " ").translate(WITHOUT_MARKS)
        text = text.replace("--", "\u2014").replace("...", "\u2026")
        return LOOSE.sub(r" \g<0> ", text.translate(MARKS_APART))

    def words(self, text: str) -> list[str]:
        return self.normalise(text).split()

    def sentence(self, words: Sequence[str]) -> str:
        """Readable text: no space before a full stop, after an opening bracket or inside quotation marks."""
        return " ".join(words) if self is Tokeniser.PLAIN else _join_marks(words)


def _join_marks(words: Sequence[str]) -> str:
    pieces: list[str] = []
    hugs, is_quoted = True, False
    for word in words:
        closes = word in CLOSING or (word == '"' and is_quoted)
        pieces.append(word if hugs or closes else f" {word}")
        hugs = word in OPENING or (word == '"' and not is_quoted)
        is_quoted ^= word == '"'
    return "".join(pieces)
