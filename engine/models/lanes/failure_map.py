"""The failure map: networks of a record laid out in cells, each cell with one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError
from engine.models.lanes.block import RUNNING, SUCCESS
from engine.models.lanes.plan import decoded
from engine.models.lanes.record import Record
from engine.params import Value

COLOURS = ("outcome", "stop", "loss", "val_loss")
CELL_LIMIT = 100_000
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell each network lies in; rows are ys, columns xs."""

    x: str
    y: str
    xs: tuple[Value, ...]
    ys: tuple[Value, ...]
    cells: Ints
    """(N,) of len(ys) * len(xs)"""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ys), len(self.xs)


def layout(record: Record, x: str, y: str, columns: int) -> Layout:
    """Raises ParamError for what is no axis, for one axis alone, and for more cells than can be shown."""
    if not x and not y:
        return _in_a_row(len(record), columns)
    for name, given in (("x", x), ("y", y)):
        if given not in record.axes:
            raise ParamError(f"{name}: expected one of {', '.join(record.axes)}, got {given[:80]!r}.")
    if x == y:
        raise ParamError(f"y: expected another axis than x, got {y[:80]!r} for both.")
    (xs, column), (ys, row) = (np.unique(record.codes(name), return_inverse=True) for name in (x, y))
    if len(xs) * len(ys) > CELL_LIMIT:
        raise ParamError(f"x, y: expected at most {CELL_LIMIT:,} cells, got {len(xs):,} x {len(ys):,}.")
    along, down = (tuple(decoded(name, float(code)) for code in codes) for name, codes in ((x, xs), (y, ys)))
    return Layout(x, y, along, down, row.reshape(-1) * len(xs) + column.reshape(-1))


def _in_a_row(count: int, columns: int) -> Layout:
    """One cell for each network, line after line; about square unless a width is given."""
    wide = columns if columns > 0 else int(np.ceil(np.sqrt(count)))
    wide = max(1, min(wide, count))
    high = -(-count // wide)
    return Layout("", "", tuple(range(wide)), tuple(range(high)), np.arange(count))


def first_lanes(layout: Layout) -> Ints:
    """(rows, columns), -1 where a cell holds no network."""
    found: Ints = np.full(layout.shape[0] * layout.shape[1], -1, np.int64)
    lanes = np.arange(len(layout.cells))[::-1]
    found[layout.cells[lanes]] = lanes
    return found.reshape(layout.shape)


def counts(layout: Layout, chosen: NDArray[np.bool_] | None = None) -> Ints:
    """(rows, columns): how many networks, of those chosen, each cell holds."""
    cells = layout.cells if chosen is None else layout.cells[chosen]
    found: Ints = np.bincount(cells, minlength=layout.shape[0] * layout.shape[1])
    return found.reshape(layout.shape)


def running(record: Record, layout: Layout) -> Ints:
    return counts(layout, record.arrays["outcome"] == RUNNING)


def values(record: Record, layout: Layout, colour: str) -> NDArray[np.float64]:
    """(rows, columns), NaN where there is nothing to tell.

    outcome: the share of successes among those that ended; else the median over the cell. Raises ParamError.
    """
    if colour not in COLOURS:
        raise ParamError(f"colour: expected one of {', '.join(COLOURS)}, got {colour[:80]!r}.")
    if colour == "outcome":
        ended = counts(layout) - running(record, layout)
        won = counts(layout, record.arrays["outcome"] == SUCCESS)
        return np.where(ended > 0, won / np.maximum(ended, 1), np.nan)
    if colour == "val_loss":
        return _medians(layout, np.where(record.validates, record.losses("best"), np.inf))
    numbers = record.arrays["stop"].astype(float) if colour == "stop" else record.losses("loss")
    return _medians(layout, numbers)


def _medians(layout: Layout, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """By one sort: the networks of a cell lie side by side, in the order of their numbers."""
    found = np.full(layout.shape[0] * layout.shape[1], np.nan)
    known = np.flatnonzero(np.isfinite(numbers))
    order = known[np.lexsort((numbers[known], layout.cells[known]))]
    cells, begins, sizes = np.unique(layout.cells[order], return_index=True, return_counts=True)
    low, high = numbers[order[begins + (sizes - 1) // 2]], numbers[order[begins + sizes // 2]]
    found[cells] = (low + high) / 2
    return found.reshape(layout.shape)


def bounds(values: NDArray[np.float64], colour: str) -> tuple[float, float]:
    """What the colours span."""
    known: Any = values[np.isfinite(values)]
    if colour == "outcome" or not len(known):
        return 0.0, 1.0
    return float(known.min()), float(known.max())
