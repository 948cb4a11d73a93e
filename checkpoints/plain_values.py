"""Plain Python values to and from JSON without loss, tuples, infinities and integer keys included."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from checkpoints.errors import CheckpointError


def encode(value: Any, where: str) -> Any:
    """A JSON value of a plain Python value. Raises CheckpointError, naming `where`, for other types.

    Finite floats stay floats: Python writes the shortest digits that are parsed to the same bits.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, list):
        return [encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, tuple):
        return {"$tuple": encode(list(value), where)}
    if isinstance(value, Counter):
        return {"$counter": encode([list(pair) for pair in value.items()], where)}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: encode(item, f"{where}.{key}") for key, item in value.items()}
        return {"$pairs": encode([list(pair) for pair in value.items()], where)}
    raise CheckpointError(
        f"{where} is {type(value).__name__}, which a checkpoint cannot hold.",
        "Give numbers, text, lists and dictionaries (float(x), int(x), x.tolist()).",
    )


def decode(value: Any) -> Any:
    """The value that was passed to `encode`. Raises ValueError for an unknown mark."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next(iter(value), "")
    if not mark.startswith("$"):
        return {key: decode(item) for key, item in value.items()}
    return _marked(mark, decode(value[mark]))


def _marked(mark: str, content: Any) -> Any:
    if mark == "$float":
        return float(content)
    if mark == "$tuple":
        return tuple(content)
    if mark == "$counter":
        return Counter(dict(content))
    if mark == "$pairs":
        return {key: item for key, item in content}
    raise ValueError(f"{mark} is no mark of ours")
