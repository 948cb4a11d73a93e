"""A line as the dots it covers: in every column of dots, from the highest to the lowest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.chart.envelope import Envelope, Floats, Indices
from tui.chart.scale import YScale

FLAT = 3
"""rows of dots that a column of a dashed line may be left out with"""


@dataclass(frozen=True, slots=True)
class DotTrace:
    """Rows of dots counted from the top, one pair per column of dots; empty where top > bottom."""

    top: NDArray[np.int64]
    bottom: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lens:
    """What is looked at: [low, high] on the x axis over `columns` of dots, `scale` over rows of cells.

    The outermost dots stand on `low` and `high`.
    """

    low: float
    high: float
    columns: int
    per_cell: int
    scale: YScale

    @property
    def height(self) -> int:
        return self.scale.rows * self.per_cell

    def column(self, positions: Floats) -> Floats:
        return (positions - self.low) / (self.high - self.low) * (self.columns - 1)

    def bounds(self, positions: Floats) -> Indices:
        """Indices of the first point of every column of dots, and of the first point past the last."""
        edges = self.low + (np.arange(self.columns + 1) - 0.5) / (self.columns - 1) * (self.high - self.low)
        edges[0], edges[-1] = self.low, np.nextafter(self.high, np.inf)
        return np.searchsorted(positions, edges).astype(np.int64)

    def rows(self, values: Floats) -> Floats:
        """Rows of dots, so far rounded that equal values stay equal on the boundary of two rows."""
        return np.round(self.scale.dots(values, self.per_cell), 6)


def trace(positions: Floats, envelope: Envelope, lens: Lens) -> DotTrace:
    """Every point of every column, and the straight lines between the columns."""
    bounds = lens.bounds(positions)
    low, high = envelope.extremes(bounds)
    top, bottom = lens.rows(high), lens.rows(low)
    drawn = DotTrace(np.full(lens.columns, lens.height), np.full(lens.columns, -1))
    filled = np.flatnonzero(~np.isnan(low))
    _cover(drawn, filled, top[filled], bottom[filled], lens.height)
    _connect(drawn, positions, envelope, bounds, lens)
    return drawn


def dashed(line: DotTrace, dash: tuple[int, ...]) -> DotTrace:
    """The line with gaps: that many columns drawn, left out, drawn, and so on. Spikes stay whole."""
    if not dash:
        return line
    pattern = np.repeat(np.arange(len(dash)) % 2 == 1, dash)
    gap = pattern[np.arange(len(line.top)) % len(pattern)] & (line.bottom - line.top < FLAT)
    return DotTrace(np.where(gap, line.bottom.max(initial=0) + 1, line.top), np.where(gap, -1, line.bottom))


def _connect(drawn: DotTrace, positions: Floats, envelope: Envelope, bounds: Indices, lens: Lens) -> None:
    before, after = _neighbours(envelope, bounds)
    joined = envelope.joined(before, after)
    before, after = before[joined], after[joined]
    if not len(before):
        return
    values = envelope.values
    x0, x1 = lens.column(positions[before]), lens.column(positions[after])
    y0, y1 = lens.rows(values[before]), lens.rows(values[after])
    first = np.clip(np.rint(x0), 0, lens.columns - 1).astype(np.int64)
    last = np.clip(np.rint(x1), 0, lens.columns - 1).astype(np.int64)
    counts = last - first + 1
    which = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + first[which]
    start, stop = x0[which], x1[which]
    width = np.maximum(stop - start, 1e-12)
    slope = (y1[which] - y0[which]) / width
    left = y0[which] + slope * np.clip(np.maximum(column - 0.5, 0) - start, 0, width)
    right = y0[which] + slope * np.clip(np.minimum(column + 0.5, lens.columns - 1) - start, 0, width)
    _cover(drawn, column, np.fmin(left, right), np.fmax(left, right), lens.height)


def _neighbours(envelope: Envelope, bounds: Indices) -> tuple[Indices, Indices]:
    """Last number of each filled column and first of the next, with the one off each side of the lens."""
    wide = np.concatenate(([0], bounds, [len(envelope)]))
    first, last = envelope.ends(wide)
    filled = first <= last
    return last[filled][:-1], first[filled][1:]


def _cover(drawn: DotTrace, column: Indices, top: Floats, bottom: Floats, height: int) -> None:
    upper, lower = np.rint(top).astype(np.int64), np.rint(bottom).astype(np.int64)
    seen = (lower >= 0) & (upper < height)
    column, upper, lower = column[seen], upper[seen], lower[seen]
    np.minimum.at(drawn.top, column, np.maximum(upper, 0))
    np.maximum.at(drawn.bottom, column, np.minimum(lower, height - 1))
