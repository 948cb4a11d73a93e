"""The points of a metric as three columns, and their JSON: the bytes of each column as base64.

A line of events with many points is parsed a hundred times faster so, and keeps NaN and infinities.
"""

from __future__ import annotations

import binascii
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.packed_decimals import TAIL, NumberTexts
from engine.typed_json import WrongType

_SAME, _TEXTS = "=", "#"
_WIDTH = 8
"""bytes of a number"""
_TAIL_SIGNS = TAIL // 3 * 4
"""of base64"""


@dataclass(slots=True)
class PointColumns:
    """Equally many of each; `times` are seconds since 1970."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] | NumberTexts = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)

    def cut(self, first: int, last: int) -> PointColumns:
        """The points from index `first` to before `last`."""
        part = slice(first, last)
        return PointColumns(self.steps[part], self.values[part], self.times[part])


Encoded = Mapping[str, Sequence[str]]
"""steps, values and times by metric; `=NAME` for steps or times that are those of another metric, `#` before
values that are NumberTexts"""


def to_json(series: Mapping[str, PointColumns]) -> dict[str, list[str]]:
    """Metrics that are logged together have the same steps and times, which are written once."""
    written: dict[bytes, str] = {}
    made = {}
    for name, columns in series.items():
        steps, times = b"s" + columns.steps.tobytes(), b"t" + columns.times.tobytes()
        texts = [
            _SAME + first if (first := written.setdefault(data, name)) != name else _encode(column)
            for data, column in ((steps, columns.steps), (times, columns.times))
        ]
        made[name] = [texts[0], _encode_values(columns.values), texts[1]]
    return made


def from_json(series: Encoded, metric: str, decoded: dict[str, array[Any]] | None = None) -> PointColumns:
    """Steps and times that are in `decoded` are shared, others are added. Raises WrongType."""
    if len(series[metric]) != 3:
        raise WrongType("", "three columns", came=str(len(series[metric])))
    known = {} if decoded is None else decoded
    steps, times = (_text(series, metric, place) for place in (0, 2))
    made = PointColumns(known.get(steps, array("q")), times=known.get(f"at {times}", array("d")))
    if not made.steps:
        _fill(made.steps, _bytes(steps))
        known[steps] = made.steps
    if not made.times:
        _fill(made.times, _bytes(times))
        known[f"at {times}"] = made.times
    made.values = _values(series[metric][1], len(made.steps))
    if not len(made.steps) == len(made.values) == len(made.times):
        raise WrongType("", "columns of one length", came="of several")
    return made


def steps_and_values(series: Encoded, metric: str) -> tuple[array[int], array[float]]:
    """Without the times. Raises WrongType."""
    steps = array("q")
    _fill(steps, _bytes(_text(series, metric, 0)))
    values = _values(series[metric][1], len(steps))
    numbers = values.decoded() if isinstance(values, NumberTexts) else values
    if len(steps) != len(numbers):
        raise WrongType("", "columns of one length", came="of several")
    return steps, numbers


def last_value(columns: Sequence[str]) -> float:
    """That of a metric, without decoding the rest. Raises WrongType."""
    found = array("d")
    if len(columns) != 3:
        raise WrongType("", "three columns", came=str(len(columns)))
    if columns[1].startswith(_TEXTS):
        return NumberTexts(_bytes(columns[1][1:][-_TAIL_SIGNS:]), 1).last
    _fill(found, _bytes(columns[1][-24:])[-_WIDTH:])
    if len(found) != 1:
        raise WrongType("", "columns with points", came="none")
    return found[0]


def _text(series: Encoded, metric: str, place: int) -> str:
    text = series[metric][place]
    if not text.startswith(_SAME):
        return text
    if len(other := series.get(text.removeprefix(_SAME), ())) != 3:
        raise WrongType("", "the name of a metric", text[:80])
    return other[place]


def _encode_values(values: array[float] | NumberTexts) -> str:
    if isinstance(values, NumberTexts):
        return _TEXTS + binascii.b2a_base64(values.packed, newline=False).decode("ascii")
    return _encode(values)


def _values(text: str, count: int) -> array[float] | NumberTexts:
    if text.startswith(_TEXTS):
        return NumberTexts(_bytes(text[1:]), count)
    values = array("d")
    _fill(values, _bytes(text))
    return values


def _encode(column: array[int] | array[float]) -> str:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return binascii.b2a_base64(column.tobytes(), newline=False).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise WrongType("", "base64", text[:80]) from error


def _fill(column: array[int] | array[float], data: bytes) -> None:
    try:
        column.frombytes(data)
    except ValueError:
        raise WrongType("", f"columns of {_WIDTH} bytes for each number", came=f"{len(data)}") from None
    if sys.byteorder == "big":
        column.byteswap()
