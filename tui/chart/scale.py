"""Both axes: the ticks of the x axis; the y scale, which value is drawn on which row, and its labels."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from tui.chart.chart_view import Axis
from tui.ui.numbers import LATEST, clock, short, tick_label, wall_clock

if TYPE_CHECKING:
    pass

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
    if axis in ("step", "samples"):
        smallest = max(smallest, 1.0)
    is_time = axis in ("time", "clock")
    shift = _zone(low) if axis == "clock" else 0.0
    if axis == "clock":
        smallest = max(smallest, 2.0)
    for step in (time_steps if is_time else nice_steps)(smallest, span):
        places = [place - shift for place in multiples(step, low + shift, high + shift)]
        ticks = _placed(places, _labeller(axis, step), low, span, cells, room)
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


def _zone(at: float) -> float:
    """Seconds by which local time is ahead, so that ticks are at whole hours of it."""
    return float(time.localtime(at).tm_gmtoff) if 0 <= at < LATEST else 0.0


def _labeller(axis: Axis, step: float) -> Callable[[float], str]:
    if axis == "time":
        return lambda value: clock(value, step)
    if axis == "clock":
        return lambda value: wall_clock(value, step)
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


SLACK = 0.375
LARGEST = sys.float_info.max
LARGEST_EXPONENT = 308.25
SMALLEST_SPAN = 1e-290
DECADES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 400)
"""decades between two ticks of a log axis; fewer are preferred"""


@dataclass(frozen=True, slots=True)
class YScale:
    """Rows from `bottom` up, `per_row` apart; both are log10 of the value on a log axis.

    labels: (row counted from the top, text).
    """

    bottom: float
    per_row: float
    rows: int
    log: bool
    labels: tuple[tuple[int, str], ...]


def linear_scale(low: float, high: float, rows: int, ceiling: float | None = None) -> YScale:
    """The tightest scale around [low, high] whose ticks are round numbers, evenly spaced, on whole rows.

    No row is above `ceiling` if `high` is not.
    """
    is_capped = ceiling is not None and high <= ceiling
    low, high = (min(max(end, -LARGEST), LARGEST) for end in widened(low, high))
    if ceiling is not None and is_capped:
        high = min(high, ceiling)
    height = rows - 1 + 2 * SLACK
    least = min(high / height - low / height, LARGEST)
    exponent = math.floor(math.log10(least))
    steps = (
        float(f"{factor}e{power}") for power in range(exponent - 1, exponent + 4) for factor in (1, 2, 5)
    )
    grids = [_Grid.below(low, rows, step, gap) for step in steps if step < LARGEST for gap in range(2, 9)]
    holding = [grid for grid in grids if grid.holds(high)]
    if ceiling is not None and is_capped:
        capped = [_Grid.under(ceiling, rows, grid.step, grid.gap) for grid in grids]
        low_enough = [grid for grid in capped if grid.bottom <= low + SLACK * grid.per_row]
        holding = [grid for grid in holding if grid.top <= ceiling] + low_enough
    if not holding:
        return YScale(
            low + SLACK * least, least, rows, False, ((0, short(high)), (rows - 1, short(low)))[:rows]
        )
    return min(holding, key=lambda grid: grid.cost(least)).scale()


def log_scale(low: float, high: float, rows: int) -> YScale:
    """Decades on whole rows with little unused height; round values where the data span about one decade."""
    bottom, top = math.log10(low), math.log10(high)
    if top - bottom < 1.2 or rows < 4:
        return _narrow_log(bottom, top, rows)
    found: list[tuple[float, _Grid]] = []
    for place, decades in enumerate(DECADES):
        widest = int(rows * decades / (top - bottom)) + 1
        for gap in range(widest if decades == 1 else min(widest, 8), 0 if decades == 400 else 1, -1):
            grid = _Grid.below(bottom, rows, decades, gap)
            if grid.holds(top):
                found.append((grid.per_row * (1 + 0.1 * place), grid))
                break
    if not found:
        raise ArithmeticError(f"no log axis of {rows} rows holds {low} to {high}")
    grid = min(found, key=itemgetter(0))[1]
    return YScale(grid.bottom, grid.per_row, rows, True, _decade_labels(grid))


def widened(low: float, high: float) -> tuple[float, float]:
    """The range, wide enough that the labels of its ends differ."""
    size = max(abs(low), abs(high))
    least = max(size * 1e-6, SMALLEST_SPAN)
    if high - low >= least:
        return low, high
    pad = max(size * 0.1, least) if high == low and size else (least if size else 1.0)
    return low - pad, high + pad


@dataclass(frozen=True, slots=True)
class _Grid:
    """Rows `step / gap` apart, the lowest being the `first` multiple of that; every `gap`-th is a tick."""

    first: int
    rows: int
    step: float
    gap: int

    @classmethod
    def below(cls, low: float, rows: int, step: float, gap: int) -> _Grid:
        return cls(math.floor(low / (step / gap) + SLACK), rows, step, gap)

    @classmethod
    def under(cls, ceiling: float, rows: int, step: float, gap: int) -> _Grid:
        return cls(round(ceiling / (step / gap)) - rows + 1, rows, step, gap)

    @property
    def top(self) -> float:
        return (self.first + self.rows - 1) * self.per_row * (1 - 1e-9)

    @property
    def per_row(self) -> float:
        return self.step / self.gap

    @property
    def bottom(self) -> float:
        return self.first * self.per_row

    def holds(self, high: float) -> bool:
        return math.isfinite(self.bottom) and high / self.per_row <= self.first + self.rows - 1 + SLACK

    def ticks(self) -> list[tuple[int, float]]:
        """Row from the top and value."""
        rows = range(self.first, self.first + self.rows)
        top = self.first + self.rows - 1
        found = [(top - row, row // self.gap * self.step) for row in rows if row % self.gap == 0]
        return [(row, value) for row, value in found if abs(value) <= LARGEST]

    def cost(self, least: float) -> float:
        """Unused height first, then ticks too near, too far apart or too few."""
        ideal = 3 if self.rows < 16 else 4 if self.rows < 32 else 5
        ticks, wanted = len(self.ticks()), min(4, 1 + self.rows // 4)
        few = 2.0 if ticks < 2 else 0.05 * max(0, wanted - ticks)
        return self.per_row / least + 0.04 * abs(self.gap - ideal) + few

    def scale(self) -> YScale:
        labels = tuple((row, tick_label(value, self.step)) for row, value in self.ticks())
        return YScale(self.bottom, self.per_row, self.rows, False, labels)


def _decade_labels(grid: _Grid) -> tuple[tuple[int, str], ...]:
    labels = {row: _power(round(decade)) for row, decade in grid.ticks()}
    if grid.step == 1 and grid.gap >= 6:
        for row in range(grid.first // grid.gap, (grid.first + grid.rows) // grid.gap + 1):
            for factor in (2, 5):
                place = grid.first + grid.rows - 1 - round((row + math.log10(factor)) * grid.gap)
                if 0 <= place < grid.rows:
                    labels[place] = _power(row, factor)
    return tuple(sorted(labels.items()))


def _power(exponent: int, factor: int = 1) -> str:
    value = float(f"{factor}e{exponent}") if -300 < exponent < 300 else 0.0
    return tick_label(value, value) if value else f"{factor}e{exponent}"


def _narrow_log(bottom: float, top: float, rows: int) -> YScale:
    if top - bottom < 1e-6:
        bottom, top = bottom - 0.05, top + 0.05
    per_row = (top - bottom) / (rows - 1 + 2 * SLACK)
    base = bottom + SLACK * per_row
    low, high = (10 ** min(end, LARGEST_EXPONENT) for end in (bottom, top))
    for step in nice_steps((high - low) / 64, high - low) if high > low > 1e-300 else ():
        values = [value for value in multiples(step, low, high) if value > 0]
        places = [rows - 1 - round((math.log10(value) - base) / per_row) for value in values]
        if len(places) > 1 and all(upper - lower >= 2 for upper, lower in pairwise(places)):
            labels = tuple((row, tick_label(value, step)) for row, value in zip(places, values, strict=True))
            return YScale(base, per_row, rows, True, labels)
    return YScale(base, per_row, rows, True, _ends(low, high, rows))


def _ends(low: float, high: float, rows: int) -> tuple[tuple[int, str], ...]:
    return ((0, short(high)), (rows - 1, short(low)))[:rows]
