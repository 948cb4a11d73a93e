"""The failure map: the networks of a record arranged in cells, one number per cell."""

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
LEAST_ALIKE, MOST_ROWS = 2, 24
"""networks of a kind on average, from which on each kind begins a row; rows up to which it does"""
ALL_RIGHT = float(np.log(2) / 4)
"""mean cross-entropy of the four rows, in nats: below it none of them can be wrong"""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MapLayout:
    """The cell of each network; rows are ys, columns xs."""

    x: str
    y: str
    xs: tuple[Value, ...]
    ys: tuple[Value, ...]
    cells: Ints
    """(N,) index into the len(ys) * len(xs) cells"""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ys), len(self.xs)


def layout(record: BatchRecord, x: str, y: str, columns: int) -> MapLayout:
    """Cells by the axes x and y, or without both one per network. Raises ParamError for an unknown axis, for
    only one axis, and for more than CELL_LIMIT cells."""
    if not x and not y:
        return _in_a_row(record, columns)
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


def _in_a_row(record: BatchRecord, columns: int) -> MapLayout:
    """One cell per network, row by row; about square unless a width is given. Networks of other parameters
    (the seed apart) begin a row, where there are LEAST_ALIKE of a kind on average and at most MOST_ROWS."""
    count = len(record)
    wide = max(1, columns if columns > 0 else int(np.ceil(np.sqrt(count))))
    firsts = np.flatnonzero(_begins(record))
    sizes = np.diff(np.append(firsts, count))
    if not len(firsts) or count < LEAST_ALIKE * len(firsts) or (-(-sizes // wide)).sum() > MOST_ROWS:
        firsts, sizes = np.zeros(1, np.int64), np.array([count])
    wide = max(1, min(wide, int(sizes.max())))
    rows = -(-sizes // wide)
    cells = np.arange(count) + np.repeat((np.cumsum(rows) - rows) * wide - firsts, sizes)
    return MapLayout("", "", tuple(range(wide)), tuple(range(int(rows.sum()))), cells)


def _begins(record: BatchRecord) -> NDArray[np.bool_]:
    """(N,) whether a network has other parameters than the one before, its seed apart; none without axes."""
    names = [name for name in record.axes if name != "seed"]
    begins = np.zeros(len(record), bool)
    for column in map(record.codes, names):
        begins[1:] |= column[1:] != column[:-1]
    begins[:1] = bool(names)
    return begins


def first_indices(layout: MapLayout) -> Ints:
    """(rows, columns): the first network of each cell, -1 where it has none."""
    found: Ints = np.full(layout.shape[0] * layout.shape[1], -1, np.int64)
    indices = np.arange(len(layout.cells))[::-1]
    found[layout.cells[indices]] = indices
    return found.reshape(layout.shape)


def counts(layout: MapLayout, chosen: NDArray[np.bool_] | None = None) -> Ints:
    """(rows, columns): the number of chosen networks in each cell."""
    cells = layout.cells if chosen is None else layout.cells[chosen]
    found: Ints = np.bincount(cells, minlength=layout.shape[0] * layout.shape[1])
    return found.reshape(layout.shape)


def running(record: BatchRecord, layout: MapLayout) -> Ints:
    return counts(layout, record.arrays["outcome"] == RUNNING)


def values(record: BatchRecord, layout: MapLayout, colour: str) -> NDArray[np.float64]:
    """(rows, columns), NaN where there is no value.

    `outcome` is the share of successes among the networks that ended. The others are medians over the cell;
    that of `stop` is over the epochs at which successful networks were solved. Raises ParamError.
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
    """(N,) the epoch at which a successful network was solved, infinite for the others: with early stopping
    the epoch at which it stopped, else the first recorded one with all four rows right."""
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
    """For each row of a layout without axes: the parameters (without the seed) of the network in it whose
    parameters differ from those of the network before; empty where none or several differ."""
    names = [name for name in record.axes if name != "seed"]
    first = np.flatnonzero(_begins(record))
    rows = layout.cells[first] // len(layout.xs)
    found: list[dict[str, Value]] = [{} for _ in layout.ys]
    is_alone = np.bincount(rows, minlength=len(found))[rows] == 1
    for index, row in zip(first[is_alone].tolist(), rows[is_alone].tolist(), strict=True):
        found[row] = {name: record.value(name, index) for name in names}
    return found


def _medians(layout: MapLayout, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, columns) medians by one sort, after which the networks of a cell are adjacent and in order."""
    found = np.full(layout.shape[0] * layout.shape[1], np.nan)
    known = np.flatnonzero(np.isfinite(numbers))
    order = known[np.lexsort((numbers[known], layout.cells[known]))]
    cells, begins, sizes = np.unique(layout.cells[order], return_index=True, return_counts=True)
    low, high = numbers[order[begins + (sizes - 1) // 2]], numbers[order[begins + sizes // 2]]
    found[cells] = (low + high) / 2
    return found.reshape(layout.shape)


def bounds(values: NDArray[np.float64], colour: str) -> tuple[float, float]:
    """Lowest and highest value of the colour scale."""
    known: Any = values[np.isfinite(values)]
    if colour == "outcome" or not len(known):
        return 0.0, 1.0
    return float(known.min()), float(known.max())
