"""Conversion of parsed JSON to types and back: fields are checked, defaults filled in.

Fields that a type does not have are ignored in files, which a newer version may have written, or kept in its
field of the type Unknown; they are an error in messages (`strict`), both ends of which are of one version.
A class attribute JSON_FIELDS names what is written where it is not the fields in their order: properties too.
JSON_OMITTED names fields that are not written where they have their default.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import operator
import sys
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
_UNKNOWN = object()
_MISFIT = object()
Number = Annotated[float, _TEXT]
"""a float that may also be one of NON_FINITE"""
Array = Annotated[list[Any], _UNREAD]
"""a list, often of lists, whose items are not checked: there may be a hundred thousand"""
ALL = "all"
"""as JSON_OMITTED: every field that has its default"""
Unknown = Annotated[Mapping[str, Any], _UNKNOWN]
"""the fields of a file that the type does not have; written before those that it has"""
_UNIONS = (Union, types.UnionType)
_MAPPINGS = (dict, Mapping)
_PLAIN = frozenset((str, int, bool, type(None)))
_LISTS = (list, Sequence)


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most value of an Annotated number."""

    least: float
    most: float


Time = Annotated[float, Bounds(0, LATEST_TIME)]
"""seconds since 1970"""


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

    `kind` may be a dataclass, a scalar, an Enum, a Literal, a union, Any, Number, Array, a number with
    Bounds, or a tuple, list or mapping of these. A float may be written as a whole number; it has to be
    finite. An object of a dataclass in place of its JSON is taken as it is.
    """
    as_key: Any = kind
    made: T = _reader(as_key, strict)(data)
    return made


def fitting(data: object, kind: type[T]) -> T:
    """As `typed`, for a dataclass with defaults: what does not fit is left out, in lists and mappings too."""
    given = data if isinstance(data, Mapping) else {}
    as_key: Any = kind
    hints = _type_hints(as_key)
    read = {name: _fitting(given[name], hints[name]) for name, _ in _field_names(as_key) if name in given}
    return kind(**{name: value for name, value in read.items() if value is not _MISFIT})


def _fitting(value: Any, kind: Any) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in _LISTS and type(value) is list:
        return [one for one in (_fitting(one, parts[0]) for one in value) if one is not _MISFIT]
    if origin in _MAPPINGS and type(value) is dict:
        read = {name: _fitting(one, parts[1]) for name, one in value.items()}
        return {name: one for name, one in read.items() if one is not _MISFIT}
    try:
        return typed(value, kind)
    except WrongType:
        return _MISFIT


@typing.overload
def to_json(value: list[Any] | tuple[Any, ...]) -> list[Any]: ...  # type: ignore[overload-overlap]
@typing.overload
def to_json(value: object) -> dict[str, Any]: ...
def to_json(value: Any) -> Any:
    """The JSON of a value and of all in it: of a dataclass every field, NaN and infinities as text."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return number_to_json(value)
    if kind is dict:
        return _convert_values(dict(value))
    if isinstance(value, list | tuple):
        return [to_json(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    unknown, names, values_of, defaults = _written(kind)
    made = _convert_values(dict(zip(names, values_of(value), strict=True)))
    for name, default in defaults:
        if getattr(value, name) == default:
            del made[name]
    return {**getattr(value, unknown), **made} if unknown else made


def _convert_values(made: dict[str, Any]) -> dict[str, Any]:
    for name, value in made.items():
        kind = type(value)
        if kind is float:
            if value - value != 0:
                made[name] = number_to_json(value)
        elif kind not in _PLAIN:
            made[name] = to_json(value)
    return made


@functools.cache
def _written(kind: Any) -> tuple[str, tuple[str, ...], Callable[[Any], Any], tuple[tuple[str, Any], ...]]:
    """(field of the type Unknown, or empty; names of what is written beside it; getter of their values; name
    and default of the fields in JSON_OMITTED)."""
    unknown = _unknown_field(kind)
    names = tuple(getattr(kind, "JSON_FIELDS", None) or (name for name, _ in _field_names(kind)))
    names = tuple(name for name in names if name != unknown)
    getter: Callable[[Any], Any] = operator.attrgetter(*names) if names else lambda value: ()
    values_of = getter if len(names) != 1 else lambda value: (getter(value),)
    omitted = getattr(kind, "JSON_OMITTED", ())
    defaults = tuple((field.name, _default(field, omitted)) for field in dataclasses.fields(kind)
                     if omitted == ALL or field.name in omitted)  # fmt: skip
    return unknown, names, values_of, defaults


def _default(field: dataclasses.Field[Any], omitted: object) -> object:
    """That of a factory too, where the field is named: what ALL leaves out is on disk."""
    made = field.default_factory
    return field.default if omitted == ALL or made is dataclasses.MISSING else made()


@functools.cache
def _type_hints(kind: Any) -> dict[str, Any]:
    """As typing.get_type_hints with extras, which compiles each text at each call: 15 ms of a start."""
    return {
        name: _evaluated(base.__module__, text) if isinstance(text, str) else text
        for base in reversed(kind.__mro__)
        for name, text in vars(base).get("__annotations__", {}).items()
    }


@functools.cache
def _evaluated(module: str, text: str) -> Any:
    """The type that an annotation of our own code names."""
    names = vars(sys.modules[module])
    if any(name in text for name in names.get("TYPES_ELSEWHERE", ())):
        return _TypeElsewhere(module, text)
    return eval(text, names)


class _TypeElsewhere(typing.NamedTuple):
    """An annotation with types of TYPES_ELSEWHERE: a module's names of types that it imports for checking
    alone, each with its own module, which is imported when a value is read."""

    module: str
    text: str

    @property
    def kind(self) -> Any:
        names = vars(sys.modules[self.module])
        elsewhere = names["TYPES_ELSEWHERE"].items()
        found = {name: getattr(importlib.import_module(where), name) for name, where in elsewhere}
        return eval(self.text, names, found)


def _read_elsewhere(kind: _TypeElsewhere, strict: bool) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value is None and kind.text.endswith("| None"):
            return None
        return _reader(kind.kind, strict)(value)

    return read


def _unknown_field(kind: Any) -> str:
    hints = _type_hints(kind)
    return next((name for name, hint in hints.items() if hint == Unknown), "")


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
    if isinstance(kind, _TypeElsewhere):
        return _read_elsewhere(kind, strict)
    if origin is Annotated:
        return _annotated(parts[1], _reader(parts[0], strict))
    if origin in _UNIONS:
        if set(parts) <= set(_SCALARS):
            return _scalar_union(parts)
        return _union(tuple(_reader(part, strict) for part in parts), frozenset(parts))
    if origin is Literal:
        return _literal(parts)
    if origin is tuple and parts[-1] is not ...:
        return _tuple(tuple(_reader(part, strict) for part in parts))
    if origin is tuple:
        return _list(_reader(parts[0], strict), tuple)
    if origin in _LISTS or origin in _MAPPINGS:
        inner = _reader(parts[-1], strict)
        return _mapping(inner, parts[-1]) if origin in _MAPPINGS else _list(inner, list)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, strict)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    return _SCALARS[kind]


def _annotated(mark: Any, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if not isinstance(mark, Bounds):
        return _read_number if mark is _TEXT else inner

    def read(value: Any) -> Any:
        in_bounds("", inner(value), mark.least, mark.most)
        return value

    return read


def _of_type(kind: type, expected: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise WrongType("", expected, value)
        return value

    return read


def _read_int(value: Any) -> Any:
    if type(value) is not int or not -WHOLE_LIMIT < value < WHOLE_LIMIT:
        raise WrongType("", _EXPECTED[int], value)
    return value


def _read_float(value: Any) -> Any:
    if type(value) is not float:
        if type(value) is not int or not -WHOLE_LIMIT < value < WHOLE_LIMIT:
            raise WrongType("", _EXPECTED[float], value)
    elif value - value != 0:
        raise WrongType("", _EXPECTED[float], value)
    return value


_EXPECTED: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text", type(None): "null",
    dict: "an object", list: "a list",
}  # fmt: skip
_SCALARS: dict[Any, Callable[[Any], Any]] = {
    **{kind: _of_type(kind, expected) for kind, expected in _EXPECTED.items()},
    int: _read_int,
    float: _read_float,
}


def _read_number(value: Any) -> Any:
    if type(value) is float and value - value == 0:
        return value
    return NON_FINITE[value] if type(value) is str and value in NON_FINITE else float(_read_float(value))


def _scalar_union(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    """A reader of one of several scalars, chosen by the type of the value."""
    known = {kind: _SCALARS[kind] for kind in kinds}
    expected = " or ".join(_EXPECTED[kind] for kind in kinds)
    if float in known:
        known.setdefault(int, known[float])
    sufficient = frozenset(kinds) - {int, float}

    def read(value: Any) -> Any:
        kind = type(value)
        if kind in sufficient:
            return value
        reader = known.get(kind)
        if reader is None:
            raise WrongType("", expected, value)
        return reader(value)

    return read


def _union(readers: tuple[Callable[[Any], Any], ...], kinds: frozenset[Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) in kinds and (value is None or dataclasses.is_dataclass(value)):
            return value
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

    def read(value: Any) -> Any:
        if type(value) not in (str, int, bool) or value not in allowed:
            raise WrongType("", expected, value)
        return value

    return read


def _enum(kind: type[Enum]) -> Callable[[Any], Any]:
    known = {member.value: member for member in kind}
    check = _literal(tuple(known))
    return lambda value: known[value if type(value) is str and value in known else check(value)]


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


def _mapping(inner: Callable[[Any], Any], kind: Any) -> Callable[[Any], Any]:
    parts = typing.get_args(kind) or (kind,)
    has_bounds = any(isinstance(part, Bounds) for part in parts)
    usual = frozenset() if has_bounds else {str, bool, type(None), float} & frozenset(parts)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongType("", "an object", value)
        made = {
            name: one
            for name, one in value.items()
            if (of := type(one)) in usual and (of is not float or one - one == 0)
        }
        if len(made) == len(value):
            return made
        made, name = {}, ""
        try:
            for name, one in value.items():
                made[name] = inner(one)
        except WrongType as error:
            raise error.within(name[:80]) from None
        return made

    return read


def _dataclass(kind: Any, strict: bool) -> Callable[[Any], Any]:
    hints = _type_hints(kind)
    unknown = _unknown_field(kind)
    fields = [field for field in dataclasses.fields(kind) if field.init and field.name != unknown]
    readers = {field.name: _reader(hints[field.name], strict) for field in fields}
    needed = [field.name for field in fields if _is_needed(field)]
    derived = frozenset(getattr(kind, "JSON_FIELDS", ())) - readers.keys()
    read_usual = _usual_reader(kind, hints, readers, strict or bool(unknown))

    def read(value: Any) -> Any:
        if type(value) is kind:
            return value
        try:
            return read_usual(value)
        except (KeyError, TypeError, WrongType):
            return read_with_care(value)

    def read_with_care(value: Any) -> Any:
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
        if len(given) != len(value) and (strict or unknown):
            others = {name: value[name] for name in value if name not in given and name not in derived}
            if unknown:
                given[unknown] = others
            elif others:
                name = next(iter(others))
                raise WrongType(str(name)[:80], "no such field", others[name])
        return kind(**given)

    return read


def _usual_reader(
    kind: Any, hints: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]], whole: bool
) -> Callable[[Any], Any]:
    """A reader of objects that have every field, with `whole` no other: code as dataclasses make it.

    Raises KeyError, TypeError or WrongType for all others. It takes half the time of a loop.
    """
    lines = [f"if len(_given) != {len(readers)}: raise KeyError"] if whole else []
    for name in readers:
        misfit = _MISFITS.get(hints[name], "").format(name)
        lines += [f"{name} = _given[{name!r}]"]
        lines += [f"if {misfit}: raise KeyError" if misfit else f"{name} = _readers[{name!r}]({name})"]
    lines.append(f"return _kind({', '.join(f'{name}={name}' for name in readers)})")
    made: dict[str, Any] = {"_kind": kind, "_readers": readers}
    exec("def read(_given):\n " + "\n ".join(lines), made)
    read: Callable[[Any], Any] = made["read"]
    return read


_MISFITS = {
    str: "type({0}) is not str",
    bool: "type({0}) is not bool",
    int: f"type({{0}}) is not int or not {-WHOLE_LIMIT} < {{0}} < {WHOLE_LIMIT}",
    float: "type({0}) is not float or {0} - {0}",
}


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
