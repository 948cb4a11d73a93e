"""Axes of a grid or a sweep, parsed from text: `lr=0.1,0.01`, `hidden=1..4`, `lr=0.001..0.1 log`."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ParamError
from engine.params import Param, Value, declared, format_value, parse_number, parse_value

if TYPE_CHECKING:
    from engine.experiment import Experiment

VALUE_LIMIT = 100_000
"""most values of one axis"""
POINT_LIMIT = 100_000
"""most points of a grid, where the caller gives no other limit"""
SEED = Param(
    "seed", int, 1, "seed of the initial weights and of the order of the data", least=0, most=2**31 - 1
)
LISTED_LIMIT = 12
"""values of an axis that `describe` lists one by one"""
SYNTAX = (
    "values (0.1,0.01), a range (1..4), or a range with a scale and a number of points (0.001..0.1 log 5)"
)
_RANGE = re.compile(
    r"(?P<low>[^\s.]*(?:\.\d[^\s.]*)?)\.\.(?P<high>\S+)(?:\s+(?P<scale>log|linear))?(?:\s+(?P<count>\S+))?"
)


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that varies."""

    name: str
    values: tuple[Value, ...] | None
    """the values of a grid, in order; None for a range of numbers that only a sampler can draw from"""
    low: float | None = None
    """bounds of a range, both included; None where values were listed"""
    high: float | None = None
    log: bool = False
    """whether values are spread over orders of magnitude"""


def parse_axis(experiment: Experiment, text: str) -> Axis:
    """Parse `name=...` for a parameter of `experiment`, or for `seed`. Raises ParamError."""
    name, equals, given = (part.strip() for part in text.partition("="))
    if not equals or not given:
        raise ParamError(f"Axis {text.strip()[:80]!r}: expected name=..., with {SYNTAX}.")
    param = _find_param(experiment, name)
    if ".." in given:
        return _parse_range(param, given)
    values = tuple(parse_value(param, part.strip()) for part in given.split(","))
    if len(set(values)) < len(values):
        raise ParamError(f"{name}: expected different values, got {given[:80]!r}.")
    return Axis(name, values, log=param.log and all(map(_is_positive, values)))


def _is_positive(value: Value) -> bool:
    return value is None or (isinstance(value, int | float) and value > 0)


def describe(experiment: Experiment, axis: Axis) -> str:
    """One line such as `lr: 2 values, 0 and 1`."""
    param = _find_param(experiment, axis.name)
    if axis.values is None:
        scale = ", on a log scale" if axis.log else ""
        return f"{axis.name}: drawn from {axis.low:g} to {axis.high:g}{scale}"
    named = [format_value(param, value) for value in axis.values]
    if len(named) > LISTED_LIMIT:
        named = [*named[:2], "...", named[-1]]
    listed = ", ".join(named[:-1]) + f" and {named[-1]}" if len(named) > 1 else named[0]
    return f"{axis.name}: {len(axis.values):,} value{'s' * (len(axis.values) != 1)}, {listed}"


def parse_axes(experiment: Experiment, text: str) -> tuple[Axis, ...]:
    """Parse axes separated by semicolons. Raises ParamError, also where a name is there twice."""
    axes = tuple(parse_axis(experiment, part) for part in text.split(";") if part.strip())
    names = [axis.name for axis in axes]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ParamError(f"{twice[0]}: expected one axis of that name, got {names.count(twice[0])}.")
    return axes


def count(axes: Sequence[Axis], limit: int = POINT_LIMIT) -> int:
    """The number of points of the grid. Raises ParamError beyond `limit` and for a range without points."""
    for axis in axes:
        if axis.values is None:
            example = f"{axis.name}={axis.low:g}..{axis.high:g}{' log' if axis.log else ''} 5"
            raise ParamError(f"{axis.name}: a grid needs values, got a range.", f"Say how many: {example}")
    points = math.prod(len(axis.values or ()) for axis in axes)
    if points > limit:
        sizes = " x ".join(f"{axis.name} {len(axis.values or ()):,}" for axis in axes)
        raise ParamError(f"Axes: expected at most {limit:,} points, got {points:,} ({sizes}).")
    return points


def grid(axes: Sequence[Axis], limit: int = POINT_LIMIT) -> Iterator[dict[str, Value]]:
    """All points of the grid, the last axis fastest. Raises ParamError as `count` does."""
    count(axes, limit)
    names = [axis.name for axis in axes]
    for point in itertools.product(*(axis.values or () for axis in axes)):
        yield dict(zip(names, point, strict=True))


def sample_point(
    axes: Sequence[Axis], kinds: Mapping[str, Param], seed: int, number: int
) -> dict[str, Value]:
    """The random point of index `number`; the same for the same (seed, number)."""
    source = random.Random(f"{seed}:{number}")
    return {axis.name: _sample_value(axis, kinds[axis.name], source) for axis in axes}


def _sample_value(axis: Axis, param: Param, source: random.Random) -> Value:
    low, high = axis.low or 0.0, axis.high or 0.0
    if axis.log and low >= 1 and is_whole_range(axis):
        # As in Optuna: each whole number gets the share of the interval that is rounded to it.
        even = source.uniform(math.log(low - 0.5), math.log(high + 0.5))
        return min(max(round(math.exp(even)), int(low)), int(high))
    if axis.values is not None:
        return source.choice(axis.values)
    even = source.uniform(math.log(low), math.log(high)) if axis.log else source.uniform(low, high)
    value = float(f"{min(max(math.exp(even) if axis.log else even, low), high):.12g}")
    return round(value) if param.kind is int else value


def is_whole_range(axis: Axis) -> bool:
    """Whether the values are all whole numbers from `low` to `high`."""
    if axis.values is None or axis.low is None or axis.high is None:
        return False
    return all(type(value) is int for value in axis.values) and len(axis.values) == axis.high - axis.low + 1


def _find_param(experiment: Experiment, name: str) -> Param:
    known = {param.name: param for param in (*declared(experiment.params), SEED)}
    if name not in known:
        raise ParamError(f"Unknown axis {name[:80]!r} of {experiment.name}.", f"It has: {', '.join(known)}.")
    return known[name]


def _parse_range(param: Param, given: str) -> Axis:
    found = _RANGE.fullmatch(given)
    if found is None or param.choices or param.kind is bool:
        raise ParamError(f"{param.name}: expected {_syntax(param)}, got {given[:80]!r}.")
    low, high = (parse_number(param, found[end]) for end in ("low", "high"))
    if low > high:
        raise ParamError(f"{param.name}: the range {given[:80]!r} is empty: expected the smaller end first.")
    log = found["scale"] == "log" or (param.log and found["scale"] != "linear")
    if log and low <= 0:
        raise ParamError(
            f"{param.name}: a log range has to begin above 0, got {found['low'][:80]!r}.",
            f"Evenly spread: {param.name}={found['low'][:40]}..{found['high'][:40]} linear",
        )
    values = _range_values(param, low, high, log, found["count"])
    return Axis(param.name, values, low, high, log)


def _range_values(
    param: Param, low: float, high: float, log: bool, count: str | None
) -> tuple[Value, ...] | None:
    if count is None and param.kind is float:
        return None
    points = int(high) - int(low) + 1 if count is None else _parse_count(param, count)
    if points > VALUE_LIMIT:
        raise ParamError(f"{param.name}: expected at most {VALUE_LIMIT:,} values, got {points:,}.")
    if count is None:
        return tuple(range(int(low), int(high) + 1))
    spread = [_interpolate(low, high, log, index / (points - 1)) for index in range(points)]
    if param.kind is float:
        return tuple(spread)
    return tuple(dict.fromkeys(round(value) for value in spread))


def _interpolate(low: float, high: float, log: bool, share: float) -> float:
    """The ends are exact; values between them are rounded to twelve digits, so that they can be typed."""
    if share in (0, 1):
        return high if share else low
    value = low * (high / low) ** share if log else low + (high - low) * share
    return float(f"{value:.12g}")


def _parse_count(param: Param, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 2:
        raise ParamError(f"{param.name}: expected a number of points of 2 or more, got {text[:80]!r}.")
    return int(text)


def _syntax(param: Param) -> str:
    return (
        SYNTAX if not param.choices and param.kind is not bool else f"{param.expected}, with commas between"
    )
