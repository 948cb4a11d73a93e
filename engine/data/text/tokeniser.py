"""Splitting text into words, and joining words to text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from engine.errors import DataError

PLAIN_FORMS = {
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-",
}  # fmt: skip
SEPARATORS = "\u2013\u2014\u2015\u2026"
"""dashes and the ellipsis: they separate words even where punctuation is removed"""
INSIDE = "'-.,"  # allowed inside a word: don't, well-known, 3.50, 1,000


# Unicode's Default_Ignorable_Code_Point outside of category C, and the blank Braille pattern.
INVISIBLE = frozenset(
    chr(number)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
        (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for number in range(first, last + 1)
)  # fmt: skip


def is_invisible(character: str) -> bool:
    """Whether it is a control, format (bidi overrides, zero width), surrogate, private or unassigned
    character."""
    return unicodedata.category(character)[0] == "C"


class WithoutMarks(dict[int, str]):
    """For str.translate: punctuation and symbols are removed, line ends are kept."""

    def __missing__(self, number: int) -> str:
        character = PLAIN_FORMS.get(chr(number), chr(number))
        mark = " " if character in SEPARATORS else ""
        return self.setdefault(number, _replace(character, mark))


class MarksApart(dict[int, str]):
    """For str.translate: punctuation and symbols get spaces around them, except those in INSIDE."""

    def __missing__(self, number: int) -> str:
        character = PLAIN_FORMS.get(chr(number), chr(number))
        mark = character if character in INSIDE else f" {character} "
        return self.setdefault(number, _replace(character, mark))


def _replace(character: str, mark: str) -> str:
    kind = unicodedata.category(character)
    if character in INVISIBLE:
        return ""
    if character == "\n" or kind[0] in "LMN":
        return character
    if kind[0] in "PS":
        return mark
    return " " if kind == "Cc" or kind[0] == "Z" else ""


RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Japanese syllables
    (0x3400, 0x9FFF),  # Chinese and Japanese characters
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
SHARE = 0.3
"""share of the characters of words from which on a text counts as one of these scripts"""
LONGEST_MEAN = 4.0
"""characters: words from a segmenter are shorter on average, unsegmented phrases longer"""
WARNING = (
    "The text is written without spaces: each stretch between two spaces or line ends counts as one word. "
    "Put spaces between the words first (a word segmenter does that)."
)


def is_unspaced(sample: str) -> bool:
    """Whether a sample of some thousand characters is unspaced."""
    words = sample.split()
    of_script = [count for word in words if (count := sum(map(_is_of_script, word)))]
    characters = sum(map(len, words))
    if not of_script or sum(of_script) < SHARE * characters:
        return False
    return sum(of_script) > LONGEST_MEAN * len(of_script)


def _is_of_script(character: str) -> bool:
    number = ord(character)
    return number >= RANGES[0][0] and any(first <= number <= last for first, last in RANGES)


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
