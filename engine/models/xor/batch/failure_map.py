"""The failure map: networks of a record laid out in cells, each cell with one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError
from engine.models.xor.batch.arrays import RUNNING, SUCCESS
from engine.models.xor.batch.plan import decoded
from engine.models.xor.batch.record import BatchRecord
from engine.params import Value

COLOURS = ("outcome", "stop", "loss", "val_loss")
CELL_LIMIT = 100_000
ALL_RIGHT = float(np.log(2) / 4)
"""a mean cross-entropy of four rows, in nats, below which none of them can be on the wrong side"""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MapLayout:
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


def layout(record: BatchRecord, x: str, y: str, columns: int) -> MapLayout:
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
    return MapLayout(x, y, along, down, row.reshape(-1) * len(xs) + column.reshape(-1))


def _in_a_row(count: int, columns: int) -> MapLayout:
    """One cell for each network, line after line; about square unless a width is given."""
    wide = columns if columns > 0 else int(np.ceil(np.sqrt(count)))
    wide = max(1, min(wide, count))
    high = -(-count // wide)
    return MapLayout("", "", tuple(range(wide)), tuple(range(high)), np.arange(count))


def first_lanes(layout: MapLayout) -> Ints:
    """(rows, columns), -1 where a cell holds no network."""
    found: Ints = np.full(layout.shape[0] * layout.shape[1], -1, np.int64)
    lanes = np.arange(len(layout.cells))[::-1]
    found[layout.cells[lanes]] = lanes
    return found.reshape(layout.shape)


def counts(layout: MapLayout, chosen: NDArray[np.bool_] | None = None) -> Ints:
    """(rows, columns): how many networks, of those chosen, each cell holds."""
    cells = layout.cells if chosen is None else layout.cells[chosen]
    found: Ints = np.bincount(cells, minlength=layout.shape[0] * layout.shape[1])
    return found.reshape(layout.shape)


def running(record: BatchRecord, layout: MapLayout) -> Ints:
    return counts(layout, record.arrays["outcome"] == RUNNING)


def values(record: BatchRecord, layout: MapLayout, colour: str) -> NDArray[np.float64]:
    """(rows, columns), NaN where there is nothing to tell.

    outcome: the share of successes among those that ended; else the median over the cell, of stop over the
    epochs at which those that succeeded were solved. Raises ParamError.
    """
    if colour not in COLOURS:
        raise ParamError(f"colour: expected one of {', '.join(COLOURS)}, got {colour[:80]!r}.")
    if colour == "outcome":
        ended = counts(layout) - running(record, layout)
        won = counts(layout, record.arrays["outcome"] == SUCCESS)
        return np.where(ended > 0, won / np.maximum(ended, 1), np.nan)
    if colour == "val_loss":
        return _medians(layout, np.where(record.validates, record.losses("best"), np.inf))
    return _medians(layout, solved_at(record) if colour == "stop" else record.losses("loss"))


def solved_at(record: BatchRecord) -> NDArray[np.float64]:
    """(N,) the epoch at which a network that succeeded was solved, infinite for the others: the one at which
    it stopped, or without early stopping the first that was kept with all four rows right."""
    is_solved = record.arrays["outcome"] == SUCCESS
    epochs, losses = record.arrays["curve.epochs"], record.arrays["curve.loss"]
    stop = record.arrays["stop"].astype(float)
    found = stop.copy()
    if len(epochs):
        is_below = losses < ALL_RIGHT
        first = epochs[is_below.argmax(axis=0)].astype(float)
        waits = record.codes("patience") > 0
        found = np.where(waits, stop, np.where(is_below.any(axis=0), np.minimum(first, stop), stop))
    return np.where(is_solved, found, np.inf)


def groups(record: BatchRecord, layout: MapLayout) -> list[dict[str, Value]]:
    """For each row of a layout without axes the parameters but the seed of the first network in it that
    differ from those of the network before it; empty where none differs."""
    names = [name for name in record.axes if name != "seed"]
    wide, codes = layout.shape[1], {name: record.codes(name) for name in names}
    begins = np.zeros(len(record), bool)
    for column in codes.values():
        begins[1:] |= column[1:] != column[:-1]
    begins[:1] = bool(names)
    found: list[dict[str, Value]] = []
    for start in range(0, layout.shape[0] * wide, wide):
        lanes = np.flatnonzero(begins[start : start + wide])
        lane = start + int(lanes[0]) if len(lanes) else -1
        found.append({name: record.value(name, lane) for name in names} if lane >= 0 else {})
    return found


def _medians(layout: MapLayout, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
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
