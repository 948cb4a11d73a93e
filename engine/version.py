"""The version of dltui."""

from __future__ import annotations

import re

VERSION = "0.1.0"
"""the build reads it here; importlib.metadata would take 30 ms at start"""


def is_older(one: str, other: str) -> bool:
    """Whether release `one` is older than `other`; False where one of them is not a number."""
    first, second = _numbers(one), _numbers(other)
    return bool(first and second) and first < second


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
