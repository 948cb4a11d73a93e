"""The colours of what is sent to the terminal: said when they change, not for every word anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

_COLOURS = re.compile(r"\x1b\[([0-9;]*)m")
_NOTHING_TO_SEE = re.compile(r"(?:\x1b\[[0-9;]*H|\x1b\[\?2026[hl])*")
"""the cursor goes elsewhere, an update begins or ends: nothing appears"""
_ATTRIBUTES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"})
GREYS = {str(8 + 10 * level): str(232 + level) for level in range(24)}
"""the greys among the 256 colours have shorter names (xterm's ramp: 8, 18, ... 238)"""


class CellStyle(NamedTuple):
    """`style_name` and `ground` as the terminal is told them; empty: its own."""

    attributes: frozenset[str]
    style_name: str
    ground: str


PLAIN = CellStyle(frozenset(), "", "")


class SgrWriter:
    """What the terminal writes with. It has to see everything that is sent, from the start."""

    def __init__(self) -> None:
        self._has: CellStyle | None = PLAIN
        """None: nobody knows"""
        self._wanted = PLAIN

    def terse(self, data: str) -> str:
        """The same picture in fewer bytes."""
        if "\x1b" not in data and self._wanted == self._has:
            return data
        sent: list[str] = []
        for place, part in enumerate(_COLOURS.split(data)):
            if place % 2:
                self._want(part, sent)
            elif _NOTHING_TO_SEE.fullmatch(part):
                sent.append(part)
            else:
                sent.append(self._change())
                sent.append(part)
        return "".join(sent)

    def forget(self) -> None:
        """Somebody else may have written to the terminal."""
        self._has, self._wanted = None, PLAIN

    def _want(self, codes: str, sent: list[str]) -> None:
        look = _after(self._wanted, codes)
        if look is not None:
            self._wanted = look
            return
        sent.append(f"{self._change()}\x1b[{codes}m")
        self._has = None

    def _change(self) -> str:
        if self._has == self._wanted:
            return ""
        codes = _between(self._has, self._wanted)
        self._has = self._wanted
        return f"\x1b[{codes}m"


@lru_cache(8192)
def _after(look: CellStyle, codes: str) -> CellStyle | None:
    """None for codes that are not known here."""
    words = iter(codes.split(";"))
    for word in words:
        if word in ("", "0"):
            look = PLAIN
        elif word in _ATTRIBUTES:
            look = look._replace(attributes=look.attributes | {word})
        elif word in ("38", "48"):
            colour = _mixed(word, words)
            if colour is None:
                return None
            look = look._replace(style_name=colour) if word == "38" else look._replace(ground=colour)
        else:
            changed = _named(look, word)
            if changed is None:
                return None
            look = changed
    return look


def _mixed(word: str, words: Iterator[str]) -> str | None:
    """Of 256 colours or of 16 million; None for anything else."""
    kind = next(words, "")
    numbers = list(islice(words, {"5": 1, "2": 3}.get(kind, 0)))
    if not numbers or not all(numbers):
        return None
    if kind == "2" and numbers[0] in GREYS and numbers == numbers[:1] * 3:
        kind, numbers = "5", [GREYS[numbers[0]]]
    return ";".join([word, kind, *numbers])


def _named(look: CellStyle, word: str) -> CellStyle | None:
    number = int(word)
    if 30 <= number <= 37 or 90 <= number <= 97:
        return look._replace(style_name=word)
    if 40 <= number <= 47 or 100 <= number <= 107:
        return look._replace(ground=word)
    if number in (39, 49):
        return look._replace(style_name="") if number == 39 else look._replace(ground="")
    return None


@lru_cache(8192)
def _between(old: CellStyle | None, new: CellStyle) -> str:
    """The codes that turn one into the other: changes alone, or all from the start where that is shorter."""
    whole = ";".join(["0", *sorted(new.attributes), *filter(None, (new.style_name, new.ground))])
    if old is None or not old.attributes <= new.attributes:
        return whole
    codes = sorted(new.attributes - old.attributes)
    codes += [new.style_name or "39"] * (new.style_name != old.style_name) + [new.ground or "49"] * (
        new.ground != old.ground
    )
    return min(";".join(codes), whole, key=len)
