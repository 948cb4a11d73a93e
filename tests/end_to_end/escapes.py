"""Checks the bytes sent to a terminal against a strict list of what is allowed."""

from __future__ import annotations

import base64
import re
import unicodedata
from itertools import groupby

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
MARKS = {"Mn", "Me"}
MARKS_PER_BASE = 8

_COLOUR = r"(?:[34]8;2;\d{1,3};\d{1,3};\d{1,3}|[34]8;5;\d{1,3}|[349]\d|10\d)"
_STYLE = rf"(?:[0-4]|7|9|{_COLOUR})"
_SGR = rf"\x1b\[(?:{_STYLE}(?:;{_STYLE})*)?m"
_MODES = r"\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026)[hl]"
_QUERIES = r"\x1b\[\?(?:2026|2048)\$p"
_KITTY_KEYS = r"\x1b\[(?:>25|<)u"
_POINTER = r"\x1b\]22;[a-z-]+\x07"
_CLIPBOARD = r"\x1b\]52;c;(?P<clipboard>[A-Za-z0-9+/=]*)\x07"
_MOVE = r"\x1b\[(?P<line>\d+);(?P<column>\d+)H"
_APP = re.compile("|".join((_MOVE, _SGR, _MODES, _QUERIES, _KITTY_KEYS, _POINTER, _CLIPBOARD, r"\r\n")))
_COMMAND = re.compile("|".join((_SGR, r"\r\x1b\[2K", r"\r\n", r"\t")))


def foreign_in_app(raw: bytes, size: tuple[int, int], copied: frozenset[str] = frozenset()) -> list[str]:
    """The sequences that the app must not send to a terminal whose largest size was `size`; texts in `copied`
    may be put on the clipboard."""

    def is_meant(found: re.Match[str]) -> bool:
        if found["clipboard"] is not None:
            return base64.b64decode(found["clipboard"]).decode() in copied
        if found["line"] is not None:
            return 1 <= int(found["line"]) <= size[1] and 1 <= int(found["column"]) <= size[0] + 1
        return True

    text = raw.decode("utf-8", "surrogateescape")
    odd = [found[0] for found in _APP.finditer(text) if not is_meant(found)]
    return odd + _hidden(_APP.sub("\n", text))


def foreign_in_command(raw: bytes) -> list[str]:
    """What a command must not send: all but colours, newlines, tabs and the redraw of a line."""
    return _hidden(_COMMAND.sub("\n", raw.decode("utf-8", "surrogateescape")))


def _hidden(text: str) -> list[str]:
    """Each control or invisible character with what follows it; each base with too many combining marks."""
    odd = []
    for line in text.split("\n"):
        odd += [line[at : at + 20] for at, sign in enumerate(line) if unicodedata.category(sign) in HIDDEN]
        for is_mark, some in groupby(line, lambda sign: unicodedata.category(sign) in MARKS):
            if is_mark and len(marks := list(some)) > MARKS_PER_BASE:
                odd.append("".join(marks))
    return odd
