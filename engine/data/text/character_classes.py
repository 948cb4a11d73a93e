"""Character tables of the tokenisers: part of a word, punctuation, space, or removed."""

from __future__ import annotations

import unicodedata

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
