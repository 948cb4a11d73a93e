"""Positions and labels of the ticks of an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tui.chart.series import Axis
from tui.ui.numbers import clock, tick_label

GAP = 3
TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 432000, 864000),
)


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick at column `cell`, with its label from column `start` on."""

    cell: int
    start: int
    label: str

    @property
    def end(self) -> int:
        return self.start + len(self.label)


def nice_steps(smallest: float, largest: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten, from the first at or above `smallest`."""
    exponent = math.floor(math.log10(smallest))
    while True:
        for factor in (1, 2, 5):
            step = float(f"{factor}e{exponent}")
            if step > largest:
                return
            if step >= smallest * (1 - 1e-9):
                yield step
        exponent += 1


def multiples(step: float, low: float, high: float) -> list[float]:
    """Every multiple of `step` in [low, high]."""
    slack = step * 1e-9
    first, last = math.ceil((low - slack) / step), math.floor((high + slack) / step)
    return [index * step for index in range(first, last + 1)]


def x_ticks(low: float, high: float, cells: int, axis: Axis, *, room: tuple[int, int]) -> list[Tick]:
    """The densest evenly spaced ticks whose labels do not touch.

    low, high: the values at the middle of the first and last of `cells` columns.
    room: first and last column that labels may cover; may reach past the plot on both sides.
    """
    span = high - low
    smallest = span / cells * 6
    if axis == "step":
        smallest = max(smallest, 1.0)
    for step in time_steps(smallest, span) if axis == "time" else nice_steps(smallest, span):
        ticks = _placed(multiples(step, low, high), _labeller(axis, step), low, span, cells, room)
        if ticks and _apart(ticks):
            return ticks
    return _placed([low], _labeller(axis, max(span, 1e-9)), low, span, cells, room)[:1]


def time_steps(smallest: float, largest: float) -> Iterator[float]:
    """Steps that divide minutes, hours and days."""
    if smallest < 1:
        yield from nice_steps(smallest, min(largest, 0.5))
    yield from (step for step in TIME_STEPS if smallest <= step <= largest)
    if largest > TIME_STEPS[-1]:
        yield from (step * 86400 for step in nice_steps(max(smallest / 86400, 20), largest / 86400))


def _labeller(axis: Axis, step: float) -> Callable[[float], str]:
    if axis == "time":
        return lambda value: clock(value, step)
    return lambda value: tick_label(value, step)


def _placed(
    values: list[float],
    label: Callable[[float], str],
    low: float,
    span: float,
    cells: int,
    room: tuple[int, int],
) -> list[Tick]:
    ticks = []
    for value in values:
        cell = round((value - low) / span * (cells - 1)) if span else 0
        text = label(value)
        start = min(max(cell - (len(text) - 1) // 2, room[0]), room[1] - len(text))
        if start >= room[0]:
            ticks.append(Tick(cell, start, text))
    return ticks


def _apart(ticks: list[Tick]) -> bool:
    return all(left.end + GAP <= right.start for left, right in pairwise(ticks))
