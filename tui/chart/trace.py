"""A curve as dots: the highest and the lowest dot in every column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.chart.envelope import Envelope, Floats, Indices
from tui.chart.scale import YScale

FLAT = 3
"""a column of a dashed line is left out where it is less than this many rows of dots high"""


@dataclass(frozen=True, slots=True)
class DotTrace:
    """Rows of dots counted from the top, one pair per column of dots; empty where top > bottom."""

    top: NDArray[np.int64]
    bottom: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible part: [low, high] on the x axis over `columns` of dots, `scale` over rows of cells.

    The first and the last column of dots are centred on `low` and `high`.
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
        """Rows of dots, rounded to 6 digits so that equal values on the boundary of two rows stay equal."""
        return np.round(self.scale.dots(values, self.per_cell), 6)


def trace(positions: Floats, envelope: Envelope, viewport: Viewport) -> DotTrace:
    """The range of every column, and the straight lines between the columns."""
    bounds = viewport.bounds(positions)
    low, high = envelope.extremes(bounds)
    top, bottom = viewport.rows(high), viewport.rows(low)
    drawn = DotTrace(np.full(viewport.columns, viewport.height), np.full(viewport.columns, -1))
    filled = np.flatnonzero(~np.isnan(low))
    _cover(drawn, filled, top[filled], bottom[filled], viewport.height)
    _connect(drawn, positions, envelope, bounds, viewport)
    return drawn


def dashed(line: DotTrace, dash: tuple[int, ...]) -> DotTrace:
    """The line with gaps: so many columns drawn, left out, drawn, and so on; steep columns stay."""
    if not dash:
        return line
    pattern = np.repeat(np.arange(len(dash)) % 2 == 1, dash)
    gap = pattern[np.arange(len(line.top)) % len(pattern)] & (line.bottom - line.top < FLAT)
    return DotTrace(np.where(gap, line.bottom.max(initial=0) + 1, line.top), np.where(gap, -1, line.bottom))


def _connect(
    drawn: DotTrace, positions: Floats, envelope: Envelope, bounds: Indices, viewport: Viewport
) -> None:
    before, after = _neighbours(envelope, bounds)
    joined = envelope.joined(before, after)
    before, after = before[joined], after[joined]
    if not len(before):
        return
    values = envelope.values
    x0, x1 = viewport.column(positions[before]), viewport.column(positions[after])
    y0, y1 = viewport.rows(values[before]), viewport.rows(values[after])
    first = np.clip(np.rint(x0), 0, viewport.columns - 1).astype(np.int64)
    last = np.clip(np.rint(x1), 0, viewport.columns - 1).astype(np.int64)
    counts = last - first + 1
    which = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + first[which]
    start, stop = x0[which], x1[which]
    width = np.maximum(stop - start, 1e-12)
    slope = (y1[which] - y0[which]) / width
    left = y0[which] + slope * np.clip(np.maximum(column - 0.5, 0) - start, 0, width)
    right = y0[which] + slope * np.clip(np.minimum(column + 0.5, viewport.columns - 1) - start, 0, width)
    _cover(drawn, column, np.fmin(left, right), np.fmax(left, right), viewport.height)


def _neighbours(envelope: Envelope, bounds: Indices) -> tuple[Indices, Indices]:
    """Last number of each non-empty column and first of the next, with one beyond either side."""
    wide = np.concatenate(([0], bounds, [len(envelope)]))
    first, last = envelope.ends(wide)
    filled = first <= last
    return last[filled][:-1], first[filled][1:]


def _cover(drawn: DotTrace, column: Indices, top: Floats, bottom: Floats, height: int) -> None:
    upper, lower = np.rint(top).astype(np.int64), np.rint(bottom).astype(np.int64)
    visible = (lower >= 0) & (upper < height)
    column, upper, lower = column[visible], upper[visible], lower[visible]
    np.minimum.at(drawn.top, column, np.maximum(upper, 0))
    np.maximum.at(drawn.bottom, column, np.minimum(lower, height - 1))
