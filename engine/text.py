"""Text from files that anybody may have written."""

from __future__ import annotations

import re
from typing import Any

_NUMBERS = {int, float}
_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_surrogates(data: Any) -> Any:
    """`data`, parsed JSON, with U+FFFD for each lone surrogate: those fit into no file and onto no screen."""
    if isinstance(data, str):
        return _SURROGATE.sub("�", data)
    if isinstance(data, list):
        is_column = set(map(type, data)) <= _NUMBERS
        return data if is_column else [replace_surrogates(item) for item in data]
    if isinstance(data, dict):
        return {replace_surrogates(key): replace_surrogates(value) for key, value in data.items()}
    return data


def has_no_surrogates(text: str) -> bool:
    return _SURROGATE.search(text) is None
