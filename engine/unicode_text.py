"""Lone surrogates in text from files, which cannot be encoded as UTF-8."""

from __future__ import annotations

import re
from typing import Any

_NUMBERS = {int, float}
_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_surrogates(data: Any) -> Any:
    """`data`, parsed JSON, with U+FFFD in place of each lone surrogate, which no file and no screen takes."""
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
