"""Placeholders of a command: `{lr}` in an argument is the value of the parameter lr, `{{` is a brace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

_PARTS = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,15})")
_DECIMAL = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


def names(arguments: Iterable[str]) -> tuple[str, ...]:
    """The parameters that the arguments name, in the order of their first place."""
    found: dict[str, None] = {}
    for argument in arguments:
        _replace(argument, lambda name: found.setdefault(name) or "")
    return tuple(found)


def fill(arguments: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """The arguments with their values: each stays one argument. Raises KeyError for a name without value."""
    return [_replace(argument, values.__getitem__) for argument in arguments]


def _replace(argument: str, value_of: Callable[[str], str]) -> str:
    """`}}` is a brace behind a `{{` that it closes; the braces of JSON and of a shell stay as they are."""
    open_braces = 0

    def part(found: re.Match[str]) -> str:
        nonlocal open_braces
        if found[1]:
            return value_of(found[1])
        if found[0] == "{{":
            open_braces += 1
            return "{"
        if open_braces:
            open_braces -= 1
            return "}"
        return found[0]

    return _PARTS.sub(part, argument)


# --- values -----------------------------------------------------------------------------------------------


def value_of(text: str) -> int | float | str:
    """A number where the text is one, so that it can be sorted and compared; else the text."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if len(text) <= 40 and _DECIMAL.fullmatch(text):
        return float(text)
    return text


def text_of(value: object, texts: Iterable[str] = ()) -> str:
    """The argument for a value: the one of `texts` that means it, as it was typed, else its shortest form."""
    for text in texts:
        if value_of(text) == value:
            return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return "" if value is None else str(value)
