"""The sanitizer: every string from outside the app passes through `plain` before it is drawn."""

from __future__ import annotations

import unicodedata

MARKS_PER_BASE = 8
ELLIPSIS = "…"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
MARK = frozenset({"Mn", "Me"})
PRESENTATION = frozenset({0xFE0E, 0xFE0F})
"""variation selectors; terminals disagree about the resulting width, so they are removed"""


class _Visible:
    """A `str.translate` table that spells out control and format characters; None removes one."""

    def __init__(self, kept: str) -> None:
        self._kept = frozenset(map(ord, kept))

    def __getitem__(self, code: int) -> int | str | None:
        if code in PRESENTATION:
            return None
        if code in self._kept or unicodedata.category(chr(code)) not in HIDDEN:
            return code
        return _spelled(code)


ONE_LINE = _Visible("")
MANY_LINES = _Visible("\n\t")


def plain(text: str, *, limit: int = 10_000, lines: bool = False) -> str:
    """Text that is safe to draw: no control or format character, at most `limit` characters.

    Its width is the sum of the widths of its characters, so texts can be cut and joined anywhere.
    With `lines` newlines and tabs stay as they are; otherwise they are shown as symbols.
    """
    if limit < 1:
        raise ValueError(f"plain text needs room for 1 character or more, got limit={limit}")
    shown = text[:limit]
    if not (shown.isascii() and shown.isprintable()):
        shown = _thinned(shown.translate(MANY_LINES if lines else ONE_LINE))
    if len(text) > limit or len(shown) > limit:
        return shown[: limit - 1] + ELLIPSIS
    return shown


def _spelled(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _thinned(text: str) -> str:
    """The text without the combining marks that exceed what one base may carry."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in MARK else 0
        if marks <= MARKS_PER_BASE:
            kept.append(character)
    return "".join(kept)
