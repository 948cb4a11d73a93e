"""Which dltui this is."""

from __future__ import annotations

import functools
import re


@functools.cache
def version() -> str:
    """Of the installed distribution; an unpacked source tree has none."""
    from importlib import metadata

    try:
        return metadata.version("dltui")
    except metadata.PackageNotFoundError:
        return "unknown"


def is_older(one: str, other: str) -> bool:
    """Whether the release `one` came before `other`; False where one of them is no number."""
    first, second = _numbers(one), _numbers(other)
    return bool(first and second) and first < second


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
