"""Declarations decide what is read and written: bounds, fields of later versions, order, NaN, infinities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import pytest

from engine.errors import InputError
from engine.protocol import read_request
from engine.table_protocol import Query
from engine.typed_json import Bounds, Number, Unknown, WrongType, fitting, to_json, typed


@dataclass(frozen=True, slots=True)
class Part:
    share: Annotated[float, Bounds(0, 1)] = 0.5
    value: Number = 0.0


@dataclass(frozen=True, slots=True)
class Whole:
    JSON_FIELDS: ClassVar = ("count", "names", "parts", "by_name")

    names: list[str] = field(default_factory=list)
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, float | None] = field(default_factory=dict)
    later: Unknown = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.names)


WHOLE = Whole(["a"], (Part(value=math.inf),), {"x": None, "y": 2.0}, {"new": 1})
JSON = {
    "new": 1, "count": 1, "names": ["a"], "parts": [{"share": 0.5, "value": "inf"}],
    "by_name": {"x": None, "y": 2.0},
}  # fmt: skip


def test_what_is_written_is_read_and_written_in_the_same_order() -> None:
    assert list(to_json(WHOLE)) == list(JSON) and to_json(WHOLE) == JSON
    read = typed({name: value for name, value in JSON.items() if name != "count"}, Whole)
    assert read == WHOLE and to_json(read) == JSON


def test_a_property_that_is_written_is_no_unknown_field() -> None:
    assert typed(JSON, Whole).later == {"new": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": [{"share": 1.5}]}, r"parts\[0\].share: expected a number from 0 to 1, got 1.5"),
        ({"parts": [{"share": math.nan}]}, r"parts\[0\].share: expected a number, got nan"),
        ({"by_name": {"x": 1.0, "y": "1"}}, "by_name.y: expected a number or null, got the text '1'"),
        ({"by_name": {"x": math.inf}}, "by_name.x: expected a number, got inf"),
        ({"by_name": {"x": 2**63}}, "by_name.x: expected a number, got a number of more than 18 digits"),
        ({"names": "a"}, "names: expected a list, got the text 'a'"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongType, match=message):
        typed(JSON | change, Whole)


def test_a_mapping_of_numbers_keeps_its_order_where_some_are_whole() -> None:
    assert list(typed({"b": 1, "a": 0.5, "c": 2}, dict[str, float])) == ["b", "a", "c"]


def test_what_does_not_fit_has_its_default() -> None:
    given = {"names": ["a", 1, "b"], "parts": 3, "by_name": {"x": "1", "y": 2.0}, "later": 1}
    assert fitting(given, Whole) == Whole(["a", "b"], by_name={"y": 2.0})
    assert fitting(None, Whole) == Whole()


def test_a_request_with_an_unknown_field_or_a_wrong_type_is_refused() -> None:
    assert read_request({"id": 1, "ask": "runs", "limit": 3}, Query) == Query(limit=3)
    with pytest.raises(InputError, match="wher: expected no such field, got the text 'a'"):
        read_request({"id": 1, "ask": "runs", "wher": "a"}, Query)
    with pytest.raises(InputError, match="limit: expected a whole number, got the text '3'"):
        read_request({"limit": "3"}, Query)
    with pytest.raises(InputError, match="offset: expected a number from 0 to"):
        read_request({"offset": -1}, Query)
