"""Which dltui this is: the one place that says so."""

from __future__ import annotations

import re

VERSION = "0.1.0"
"""of the release; the build reads it here, since to ask the installed packages takes 30 ms"""


def is_older(one: str, other: str) -> bool:
    """Whether the release `one` came before `other`; False where one of them is no number."""
    first, second = _numbers(one), _numbers(other)
    return bool(first and second) and first < second


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
