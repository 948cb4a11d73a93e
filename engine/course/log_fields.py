"""Which fields a line of the log has: a line with others in their place was not written by dltui."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

LATEST = 250_000_000_000
"""seconds since 1970, in the year 9892"""
LARGEST = 1e15
"""of any number"""


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < LARGEST


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _list(value: Any) -> bool:
    return isinstance(value, list)


_ANSWER = {"rev": _whole, "seed": _whole, "drawn": _table, "rating": _whole, "ms": _number,
           "before": _table, "after": _table}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "seen": ("what",), "lock": ("item", "rev", "seed"), "mark": ("item",), "practice": ("item",),
    "undo": ("of",), "note": ("lecture", "words"), "exam": ("exam", "event"), "setting": ("name",),
    "reset": ("what",),
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "seen": {"what": _text},
    "lock": {"item": _text, **_ANSWER},
    "mark": {"item": _text, **_ANSWER},
    "practice": {"item": _text, **_ANSWER},
    "undo": {"of": _text},
    "note": {"lecture": _text, "words": _whole},
    "exam": {"exam": _text, "event": _text, "item": _text, "seed": _whole, "minutes": _number, "ms": _number,
             "seconds": _number, "lectures": _list, "items": _list, "missed": _list, "known": _table,
             "grades": _table},
    "setting": {"name": _text},
    "reset": {"what": _text},
}  # fmt: skip
"""of each kind, those that are read; any other field may be there as well, and these may be null"""


def are_fields_of(kind: str, fields: Mapping[str, Any]) -> bool:
    """Whether an entry of this kind may have these fields; of an unknown kind any."""
    if not all(fields.get(name) is not None for name in REQUIRED.get(kind, ())):
        return False
    return all(
        value is None or kind not in FIELDS or name not in FIELDS[kind] or FIELDS[kind][name](value)
        for name, value in fields.items()
    )
