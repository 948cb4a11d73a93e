"""What each sign of a text is to a tokeniser: part of a word, a mark, a space, or nothing."""

from __future__ import annotations

import unicodedata

PLAIN_FORMS = {
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-",
}  # fmt: skip
PARTING = (
    "\u2013\u2014\u2015\u2026"  # dashes and the ellipsis: they part words also where marks are taken out
)
INSIDE = "'-.,"  # may stand within a word: don't, well-known, 3.50, 1,000


# Unicode's Default_Ignorable_Code_Point outside of category C, and the blank Braille pattern.
UNSEEN = frozenset(
    chr(number)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
        (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for number in range(first, last + 1)
)  # fmt: skip


def is_invisible(sign: str) -> bool:
    """Control, format (bidi overrides, zero width), surrogate, private or unassigned."""
    return unicodedata.category(sign)[0] == "C"


class WithoutMarks(dict[int, str]):
    """For str.translate: punctuation and symbols vanish, line ends stay."""

    def __missing__(self, number: int) -> str:
        sign = PLAIN_FORMS.get(chr(number), chr(number))
        mark = " " if sign in PARTING else ""
        return self.setdefault(number, _replace(sign, mark))


class MarksApart(dict[int, str]):
    """For str.translate: punctuation and symbols get spaces around them, those of INSIDE stay."""

    def __missing__(self, number: int) -> str:
        sign = PLAIN_FORMS.get(chr(number), chr(number))
        mark = sign if sign in INSIDE else f" {sign} "
        return self.setdefault(number, _replace(sign, mark))


def _replace(sign: str, mark: str) -> str:
    kind = unicodedata.category(sign)
    if sign in UNSEEN:
        return ""
    if sign == "\n" or kind[0] in "LMN":
        return sign
    if kind[0] in "PS":
        return mark
    return " " if kind == "Cc" or kind[0] == "Z" else ""
