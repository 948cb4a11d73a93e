"""Parameters, declared as dataclass fields; forms, --set flags, sweep axes and columns are made from them."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from engine.errors import ParamError

Value = bool | int | float | str | None
"""None is a number that is not given; its parameter has a word for it, such as auto or never"""


class ParamSet(Protocol):
    """Any frozen dataclass whose fields come from `number`, `choice`, `text` or `flag`."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


@dataclass(frozen=True, slots=True)
class Param:
    """One declared parameter."""

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    above: float | None = None
    """exclusive lower bound"""
    least: float | None = None
    most: float | None = None
    log: bool = False
    """whether steps in a form and points of a sweep are spread over orders of magnitude"""
    live: bool = False
    """whether it can be changed while the run trains"""
    word: str = ""
    """the word for None; empty where a value is required"""
    texts: tuple[str, ...] = ()
    """words accepted instead of a number, kept as text"""

    @property
    def expected(self) -> str:
        """The accepted values, for messages: `auto or a number above 0`."""
        named = [word for word in (self.word, *self.texts) if word]
        return f"{', '.join(named)} or {self._plainly_expected}" if named else self._plainly_expected

    @property
    def _plainly_expected(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is bool:
            return "yes or no"
        if self.kind is str:
            return "text"
        words = "a whole number" if self.kind is int else "a number"
        if self.above is not None:
            words += f" above {_format_bound(self.above)}"
        if self.least is not None:
            words += f" of {_format_bound(self.least)} or more"
        if self.most is not None:
            words += f", at most {_format_bound(self.most)}"
        return words


def _format_bound(value: float) -> str:
    return f"{int(value)}" if value == int(value) else f"{value:g}"


def number(
    default: float | None,
    help: str,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    log: bool = False,
    live: bool = False,
    word: str = "",
    texts: tuple[str, ...] = (),
) -> Any:
    """A field of type int or float; `| None` with a `word`, `| str` with `texts`."""
    facts = {"help": help, "above": above, "least": least, "most": most, "log": log, "live": live}
    return field(default=default, metadata={**facts, "word": word, "texts": texts})


def choice(default: str, help: str, choices: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices})


def text(default: str, help: str) -> Any:
    """A field of type str without checks."""
    return field(default=default, metadata={"help": help})


def flag(default: bool, help: str) -> Any:
    return field(default=default, metadata={"help": help})


def field_of(param: Param) -> Any:
    facts = {one.name: getattr(param, one.name) for one in dataclasses.fields(Param)}
    metadata = {name: value for name, value in facts.items() if name not in ("name", "kind", "default")}
    return field(default=param.default, metadata=metadata)


@functools.cache
def declared(params: type[ParamSet]) -> tuple[Param, ...]:
    """The parameters of a params dataclass, in order; fields that are not declared as such are none."""
    hints = typing.get_type_hints(params)
    return tuple(_param(f, hints[f.name]) for f in dataclasses.fields(params) if f.metadata)


def _param(declaration: Any, kind: Any) -> Param:
    plain = next((part for part in typing.get_args(kind) if part in (int, float)), kind)
    return Param(name=declaration.name, kind=plain, default=declaration.default, **declaration.metadata)


def parse_value(param: Param, given: object) -> Value:
    """Convert `given` (text or JSON) to a value of `param`.

    Raises ParamError, which names the parameter, what was expected and what came.
    """
    typed = str(given).strip()
    if param.word and (given is None or typed == param.word):
        return None
    if typed in param.texts:
        return typed
    value = None if given is None else _convert(param, given)
    if value is None or not _is_in_bounds(param, value):
        raise ParamError(
            f"{param.name}: expected {param.expected}, got {str(given)[:80]!r}.", _remedy(param, typed)
        )
    return value


def parse_number(param: Param, given: object) -> float:
    """As `parse_value`, and raises ParamError for None and words."""
    value = parse_value(param, given)
    if not isinstance(value, int | float):
        raise ParamError(f"{param.name}: expected a number, got {str(given)[:80]!r}.")
    return value


def format_value(param: Param, value: Value) -> str:
    """A value as text that `parse_value` converts back to the same value."""
    if value is None:
        return param.word or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return short if float(short := f"{value:g}") == value else repr(value)
    return str(value)


def _convert(param: Param, given: object) -> Value:
    text = str(given).strip()
    if param.kind is bool:
        return {"yes": True, "true": True, "on": True, "1": True,
                "no": False, "false": False, "off": False, "0": False}.get(text.lower())  # fmt: skip
    if param.kind is str:
        return text
    if isinstance(given, bool) or len(text) > 40 or _LEADING_ZERO.match(text):
        return None
    try:
        as_float = float(text)
    except ValueError:
        return None
    if param.kind is float:
        return as_float
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    return int(as_float) if math.isfinite(as_float) and as_float == int(as_float) else None


def _remedy(param: Param, text: str) -> str:
    """A hint for leading zeros and a decimal comma, also where a list was split at that comma."""
    zeros = re.fullmatch(r"([+-]?)(0\d+)", text) if param.kind in (int, float) else None
    whole = f"Write {zeros[1]}{zeros[2].lstrip('0') or '0'}" if zeros else ""
    if param.kind is not float:
        return f"{whole}." if zeros else ""
    if zeros:
        return f"{whole}, or {zeros[1]}0.{zeros[2]} with a decimal point."
    if _LEADING_ZERO.match(text):
        return "Leave out the leading zero."
    if found := re.fullmatch(r"([+-]?\d+),(\d+)", text):
        return f"Write {found[1]}.{found[2]}: the decimal point is a dot."
    return ""


_LEADING_ZERO = re.compile(r"[+-]?0\d")


def _is_in_bounds(param: Param, value: Value) -> bool:
    if param.choices:
        return value in param.choices
    if value is None or isinstance(value, bool | str):
        return True
    return (
        math.isfinite(value)
        and (param.above is None or value > param.above)
        and (param.least is None or value >= param.least)
        and (param.most is None or value <= param.most)
    )


def build(params: type[ParamSet], given: Mapping[str, object]) -> Any:
    """An instance of `params` from text or JSON values; fields not given keep their defaults.

    Raises ParamError for an unknown field, an invalid value, or where the dataclass's own `check()` does.
    """
    known = {param.name: param for param in declared(params)}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ParamError(f"Unknown parameter {unknown[0][:80]!r}.", f"It takes: {', '.join(known)}.")
    made: Any = params(**{name: parse_value(known[name], value) for name, value in given.items()})
    check = getattr(made, "check", None)
    if check is not None:
        check()
    return made


def known_values(params: type[ParamSet], given: Mapping[str, Value]) -> dict[str, Value]:
    """Without values of parameters that are not declared."""
    known = {param.name for param in declared(params)}
    return {name: value for name, value in given.items() if name in known}


def differing(params: type[ParamSet], values: Mapping[str, Value]) -> dict[str, Value]:
    """The values that differ from their defaults."""
    known = declared(params)
    return {p.name: values[p.name] for p in known if p.name in values and values[p.name] != p.default}
