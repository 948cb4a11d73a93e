"""Minimises SGR sequences: colours are sent when they change, not with every segment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

_COLOURS = re.compile(r"\x1b\[([0-9;]*)m")
_INVISIBLE = re.compile(r"(?:\x1b\[[0-9;]*H|\x1b\[\?2026[hl])*")
"""cursor movement, begin or end of a synchronised update: nothing is drawn"""
_ATTRIBUTES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"})
GREYS = {str(8 + 10 * level): str(232 + level) for level in range(24)}
"""greys with a shorter code among the 256 colours (xterm's ramp: 8, 18, ... 238)"""


class CellStyle(NamedTuple):
    """`foreground` and `background` as SGR codes; empty: the defaults of the terminal."""

    attributes: frozenset[str]
    foreground: str
    background: str


PLAIN = CellStyle(frozenset(), "", "")


class SgrWriter:
    """Tracks the style of the terminal; all output has to pass through it."""

    def __init__(self) -> None:
        self._current: CellStyle | None = PLAIN
        """style of the terminal; None: unknown"""
        self._requested = PLAIN

    def minimise(self, data: str) -> str:
        """Output of the same appearance in fewer bytes."""
        if "\x1b" not in data and self._requested == self._current:
            return data
        sent: list[str] = []
        for place, part in enumerate(_COLOURS.split(data)):
            if place % 2:
                self._request(part, sent)
            elif _INVISIBLE.fullmatch(part):
                sent.append(part)
            else:
                sent.append(self._change())
                sent.append(part)
        return "".join(sent)

    def reset(self) -> None:
        """Forget the style: other output may have reached the terminal."""
        self._current, self._requested = None, PLAIN

    def _request(self, codes: str, sent: list[str]) -> None:
        style = _after(self._requested, codes)
        if style is not None:
            self._requested = style
            return
        sent.append(f"{self._change()}\x1b[{codes}m")
        self._current = None

    def _change(self) -> str:
        if self._current == self._requested:
            return ""
        codes = _between(self._current, self._requested)
        self._current = self._requested
        return f"\x1b[{codes}m"


@lru_cache(8192)
def _after(style: CellStyle, codes: str) -> CellStyle | None:
    """The style after these codes; None where one of them is unknown."""
    parts = iter(codes.split(";"))
    for code in parts:
        if code in ("", "0"):
            style = PLAIN
        elif code in _ATTRIBUTES:
            style = style._replace(attributes=style.attributes | {code})
        elif code in ("38", "48"):
            colour = _colour(code, parts)
            if colour is None:
                return None
            style = style._replace(foreground=colour) if code == "38" else style._replace(background=colour)
        else:
            changed = _named(style, code)
            if changed is None:
                return None
            style = changed
    return style


def _colour(code: str, parts: Iterator[str]) -> str | None:
    """A colour of 256 or 16 million, as one code; None for anything else."""
    kind = next(parts, "")
    numbers = list(islice(parts, {"5": 1, "2": 3}.get(kind, 0)))
    if not numbers or not all(numbers):
        return None
    if kind == "2" and numbers[0] in GREYS and numbers == numbers[:1] * 3:
        kind, numbers = "5", [GREYS[numbers[0]]]
    return ";".join([code, kind, *numbers])


def _named(style: CellStyle, code: str) -> CellStyle | None:
    number = int(code)
    if 30 <= number <= 37 or 90 <= number <= 97:
        return style._replace(foreground=code)
    if 40 <= number <= 47 or 100 <= number <= 107:
        return style._replace(background=code)
    if number in (39, 49):
        return style._replace(foreground="") if number == 39 else style._replace(background="")
    return None


@lru_cache(8192)
def _between(old: CellStyle | None, new: CellStyle) -> str:
    """The codes from one style to the other: the changes, or a reset and all where that is shorter."""
    whole = ";".join(["0", *sorted(new.attributes), *filter(None, (new.foreground, new.background))])
    if old is None or not old.attributes <= new.attributes:
        return whole
    codes = sorted(new.attributes - old.attributes)
    codes += [new.foreground or "39"] * (new.foreground != old.foreground) + [new.background or "49"] * (
        new.background != old.background
    )
    return min(";".join(codes), whole, key=len)
