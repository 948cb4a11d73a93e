"""A filter as a function of one row in memory, with the meaning that `filter_sql` gives it for the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine import catalog
from engine.filter_fields import BOOLEANS, MATCHES
from engine.params import Value
from engine.service.index.filter_parser import (
    And,
    Clause,
    Comparison,
    Not,
    Or,
    SearchTerm,
    number_expected,
)
from engine.text_pattern import TextPattern

Row = TypeVar("Row")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b), "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b), ">": lambda a, b: bool(a > b), ">=": lambda a, b: bool(a >= b),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowFields(Generic[Row]):
    """How a filter reads a row."""

    value: Callable[[Row, str], Any]
    """the value of a field, metric or parameter; None where it has none"""
    params: Callable[[Row], Mapping[str, Value]]
    searched: Callable[[Row], Iterable[object]]
    """values in whose text a word without an operator is searched"""


def predicate(clause: Clause, fields: RowFields[Row]) -> Callable[[Row], bool]:
    """Raises FilterError for a text where a number is compared."""
    match clause:
        case SearchTerm(text):
            return _search(text.lower(), fields)
        case Not(part):
            inner = predicate(part, fields)
            return lambda row: not inner(row)
        case And(parts):
            tests = [predicate(part, fields) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case Or(parts):
            tests = [predicate(part, fields) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case Comparison():
            return _compared(clause, fields)


def _search(text: str, fields: RowFields[Row]) -> Callable[[Row], bool]:
    def found(row: Row) -> bool:
        return any(text in value.lower() for value in fields.searched(row) if isinstance(value, str))

    return found


def _compared(comparison: Comparison, fields: RowFields[Row]) -> Callable[[Row], bool]:
    if comparison.is_pattern:
        return _matched(comparison, fields)
    compare, name, value = _COMPARE[comparison.sign], comparison.field, comparison.value
    if isinstance(value, str):
        if comparison.sign not in ("=", "!="):
            raise number_expected(comparison)
        return _compared_text(name, value.lower(), compare, fields)

    def test(row: Row) -> bool:
        found = fields.value(row, name)
        if isinstance(found, str) and comparison.sign in ("=", "!="):
            return compare(found.lower(), comparison.typed.lower())
        return isinstance(found, int | float) and found == found and compare(found, value)

    return test


def _matched(comparison: Comparison, fields: RowFields[Row]) -> Callable[[Row], bool]:
    """Whether a regular expression matches the text, or the number, somewhere."""
    pattern, name = TextPattern(comparison.typed), comparison.field
    wanted = comparison.sign == MATCHES

    def test(row: Row) -> bool:
        found = fields.value(row, name)
        return found is not None and pattern.search(str(found)) is wanted

    return test


def _compared_text(
    name: str, value: str, compare: Callable[[Any, Any], bool], fields: RowFields[Row]
) -> Callable[[Row], bool]:
    def test(row: Row) -> bool:
        params = fields.params(row)
        chosen = params.get(name)
        found = chosen if isinstance(chosen, str | bool) else fields.value(row, name)
        if found is None:
            return name in params and compare(catalog.none_word(name), value)
        if isinstance(found, bool):
            return compare(found, BOOLEANS.get(value))
        return compare(str(found).lower(), value)

    return test
