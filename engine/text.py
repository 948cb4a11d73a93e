"""Text from files that anybody may have written."""

from __future__ import annotations

import re
from typing import Any

_NUMBERS = {int, float}
_LONE = re.compile("[\ud800-\udfff]")


def whole(data: Any) -> Any:
    """`data`, parsed JSON, with U+FFFD for each lone surrogate: those fit into no file and onto no screen."""
    if isinstance(data, str):
        return _LONE.sub("�", data)
    if isinstance(data, list):
        is_column = set(map(type, data)) <= _NUMBERS
        return data if is_column else [whole(item) for item in data]
    if isinstance(data, dict):
        return {whole(key): whole(value) for key, value in data.items()}
    return data


def is_whole(text: str) -> bool:
    return _LONE.search(text) is None
