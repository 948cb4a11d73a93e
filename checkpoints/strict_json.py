"""Strict JSON: no duplicate keys, no NaN, bounded in length and depth."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def dumps(value: object) -> bytes:
    """The canonical bytes of a value: sorted keys, ASCII, one newline at the end."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def loads(data: bytes, limit: int) -> Any:
    """Parse at most `limit` bytes. Raises no error but ValueError, whatever the bytes are."""
    if len(data) > limit:
        raise ValueError(f"{len(data)} bytes of JSON, at most {limit} are allowed")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key appears twice")
    return value


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
