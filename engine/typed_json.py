"""Conversion of parsed JSON to types and back: fields are checked, defaults filled in.

Fields that a type does not have are ignored in files, which a newer version may have written, and an error
in messages (`strict`), both ends of which are of one version.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union

T = TypeVar("T")
WHOLE_LIMIT = 2**63
"""whole numbers lie between this and its negative: what SQLite and int64 hold"""
LATEST_TIME = 1e11
"""seconds since 1970: bound of all times, so that sums of times stay finite"""
NON_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
"""text that stands for the numbers that JSON does not have"""
_TEXT = object()
_UNREAD = object()
Number = Annotated[float, _TEXT]
"""a float that may also be one of NON_FINITE"""
Array = Annotated[list[Any], _UNREAD]
"""a list, often of lists, whose items are not checked: there may be a hundred thousand"""
_UNIONS = (Union, types.UnionType)
_MAPPINGS = (dict, Mapping)
_LISTS = (list, Sequence)


class WrongType(ValueError):
    """A value of the wrong type: the field, what was expected and what came."""

    def __init__(self, field: str, expected: str, value: object = None, came: str = "") -> None:
        self.field, self.expected, self.came = field, expected, came or _describe(value)
        super().__init__(f"{field + ': ' if field else ''}expected {expected}, got {self.came}")

    def within(self, part: str) -> WrongType:
        """The same error with `part` before the name of the field."""
        joint = "" if self.field.startswith("[") or not self.field else "."
        return WrongType(f"{part}{joint}{self.field}", self.expected, came=self.came)


def typed(data: object, kind: type[T], *, strict: bool = False) -> T:
    """Convert parsed JSON to a `kind`. Raises WrongType; with `strict` also for unknown fields.

    `kind` may be a dataclass, a scalar, an Enum, a Literal, a union, Any, Number, Array, or a tuple, list or
    mapping of these. A float may be written as a whole number; it has to be finite.
    """
    as_key: Any = kind
    made: T = _reader(as_key, strict)(data)
    return made


def fields_of(value: Any) -> dict[str, Any]:
    """The JSON object of a dataclass, for `default` of json.dumps, which calls it for nested ones.

    A field that is None and None by default is left out; NaN and infinities become text.
    """
    kind: Any = type(value)
    return {
        name: _as_json(found)
        for name, is_optional in _field_names(kind)
        if (found := getattr(value, name)) is not None or not is_optional
    }


@functools.cache
def _field_names(kind: Any) -> tuple[tuple[str, bool], ...]:
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is not JSON")
    return tuple((field.name, field.default is None) for field in dataclasses.fields(kind))


def number_to_json(value: float) -> float | str:
    """NaN and infinities, which JSON does not have, become the text nan, inf and -inf."""
    if value - value == 0:
        return value
    return "nan" if value != value else "inf" if value > 0 else "-inf"


def number_from_json(value: float | str) -> float:
    return NON_FINITE[value] if isinstance(value, str) else float(value)


def _as_json(value: Any) -> Any:
    if type(value) is float:
        return number_to_json(value)
    return {name: _as_json(one) for name, one in value.items()} if type(value) is dict else value


def in_bounds(field: str, value: float, least: float, most: float) -> None:
    """Raises WrongType unless `least` <= `value` <= `most`."""
    if not least <= value <= most:
        raise WrongType(field, f"a number from {least:g} to {most:g}", value)


@functools.cache
def _reader(kind: Any, strict: bool) -> Callable[[Any], Any]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object:
        return lambda value: value
    if origin is Annotated:
        return _read_number if parts[1] is _TEXT else _SCALARS[list]
    if origin in _UNIONS:
        if set(parts) <= set(_SCALARS):
            return _scalar_union(parts)
        return _union(tuple(_reader(part, strict) for part in parts))
    if origin is Literal:
        return _literal(parts)
    if origin is tuple and parts[-1] is not ...:
        return _tuple(tuple(_reader(part, strict) for part in parts))
    if origin is tuple:
        return _list(_reader(parts[0], strict), tuple)
    if origin in _LISTS or origin in _MAPPINGS:
        inner = _reader(parts[-1], strict)
        return _mapping(inner) if origin in _MAPPINGS else _list(inner, list)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, strict)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    return _SCALARS[kind]


def _check_with(expected: str, fits: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not fits(value):
            raise WrongType("", expected, value)
        return value

    return read


def _is_of(kind: Any) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _is_int(value: Any) -> bool:
    return type(value) is int and -WHOLE_LIMIT < value < WHOLE_LIMIT


def _is_number(value: Any) -> bool:
    return math.isfinite(value) if type(value) is float else _is_int(value)


_EXPECTED: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text", type(None): "null",
    dict: "an object", list: "a list",
}  # fmt: skip
_SCALARS: dict[Any, Callable[[Any], Any]] = {
    **{kind: _check_with(words, _is_of(kind)) for kind, words in _EXPECTED.items()},
    int: _check_with(_EXPECTED[int], _is_int),
    float: _check_with(_EXPECTED[float], _is_number),
}


def _read_number(value: Any) -> Any:
    return NON_FINITE[value] if type(value) is str and value in NON_FINITE else _SCALARS[float](value)


def _scalar_union(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    """A reader of one of several scalars, chosen by the type of the value."""
    known = {kind: _SCALARS[kind] for kind in kinds}
    expected = " or ".join(_EXPECTED[kind] for kind in kinds)
    if float in known:
        known.setdefault(int, known[float])

    def read(value: Any) -> Any:
        reader = known.get(type(value))
        if reader is None:
            raise WrongType("", expected, value)
        return reader(value)

    return read


def _union(readers: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        wrong: list[WrongType] = []
        for reader in readers:
            try:
                return reader(value)
            except WrongType as error:
                wrong.append(error)
        deepest = max(wrong, key=lambda error: len(error.field))
        if deepest.field:
            raise deepest
        raise WrongType("", " or ".join(dict.fromkeys(error.expected for error in wrong)), value)

    return read


def _literal(allowed: tuple[Any, ...]) -> Callable[[Any], Any]:
    expected = "one of " + ", ".join(map(str, allowed))
    return _check_with(expected, lambda value: type(value) in (str, int, bool) and value in allowed)


def _enum(kind: type[Enum]) -> Callable[[Any], Any]:
    known = {member.value: member for member in kind}
    check = _literal(tuple(known))
    return lambda value: known[check(value)]


def _list(inner: Callable[[Any], Any], make: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise WrongType("", "a list", value)
        made: list[Any] = []
        try:
            for one in value:
                made.append(inner(one))
        except WrongType as error:
            raise error.within(f"[{len(made)}]") from None
        return make(made)

    return read


def _tuple(readers: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != len(readers):
            raise WrongType("", f"a list of {len(readers)}", value)
        made: list[Any] = []
        try:
            for reader, one in zip(readers, value, strict=True):
                made.append(reader(one))
        except WrongType as error:
            raise error.within(f"[{len(made)}]") from None
        return tuple(made)

    return read


def _mapping(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongType("", "an object", value)
        made = {}
        name = ""
        try:
            for name, one in value.items():
                made[name] = inner(one)
        except WrongType as error:
            raise error.within(name[:80]) from None
        return made

    return read


def _dataclass(kind: Any, strict: bool) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [field for field in dataclasses.fields(kind) if field.init]
    readers = {field.name: _reader(hints[field.name], strict) for field in fields}
    needed = [field.name for field in fields if _is_needed(field)]

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongType("", "an object", value)
        given = {}
        name = ""
        try:
            for name, reader in readers.items():
                if name in value:
                    given[name] = reader(value[name])
        except WrongType as error:
            raise error.within(name) from None
        for name in needed:
            if name not in given:
                raise WrongType(name, "a value", came="nothing")
        if strict and len(given) != len(value):
            unknown = next(name for name in value if name not in given)
            raise WrongType(str(unknown)[:80], "no such field", value[unknown])
        return kind(**given)

    return read


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _describe(value: object) -> str:
    """`value` for a message: short, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < WHOLE_LIMIT else "a number of more than 18 digits"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value)[:40]
