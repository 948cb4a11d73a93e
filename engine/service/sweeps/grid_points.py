"""The points of a grid in order, generated lazily, also after the grid was widened."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from engine.axes import Axis
from engine.params import Value

Axes = tuple[Axis, ...]


def point_count(axes: Axes) -> int:
    """Number of points of the grid; every axis has to have values."""
    return math.prod(len(axis.values or ()) for axis in axes)


def grid_from(widenings: Sequence[Axes], start: int) -> Iterator[dict[str, Value]]:
    """The points from number `start` on, the last axis fastest.

    `widenings` are the axes as submitted and after each widening. The points that a widening adds come after
    all earlier ones, so the number of a point never changes.
    """
    first = widenings[0]
    for number in range(start, point_count(first)):
        yield _decoded(first, number)
    later = itertools.chain.from_iterable(
        _added(widenings[place], widenings[place - 1]) for place in range(1, len(widenings))
    )
    yield from itertools.islice(later, max(0, start - point_count(first)), None)


def _decoded(axes: Axes, number: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for axis in reversed(axes):
        values = axis.values or ()
        number, place = divmod(number, len(values))
        found[axis.name] = values[place]
    return {axis.name: found[axis.name] for axis in axes}


def _added(axes: Axes, before: Axes) -> Iterator[dict[str, Value]]:
    """The points of `axes` that are not points of `before`."""
    known = {axis.name: frozenset(axis.values or ()) for axis in before}
    for number in range(point_count(axes)):
        point = _decoded(axes, number)
        if any(value not in known.get(name, ()) for name, value in point.items()):
            yield point
