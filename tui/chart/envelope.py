"""Minima, maxima and sums of index ranges of a long curve, from precomputed blocks of 32 points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.chart.number_column import NumberColumn

BLOCK = 32

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Envelope:
    """A growing array of values, NaN for a gap, with minimum, maximum, sum and count of every 32 points."""

    def __init__(self) -> None:
        self._values = NumberColumn(np.float64)
        self._lows = NumberColumn(np.float64)
        self._highs = NumberColumn(np.float64)
        self._sums = NumberColumn(np.float64)
        self._counts = NumberColumn(np.float64)
        self._hole_starts = NumberColumn(np.int64)
        self._hole_ends = NumberColumn(np.int64)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Floats:
        return self._values.view

    def extend(self, values: Floats) -> None:
        self._add_holes(values)
        self._values.extend(values)
        self._add_blocks()

    def truncate(self, length: int) -> None:
        self._values.truncate(length)
        self._lows.truncate(length // BLOCK)
        self._highs.truncate(length // BLOCK)
        self._sums.truncate(length // BLOCK)
        self._counts.truncate(length // BLOCK)
        holes = int(np.searchsorted(self._hole_starts.view, length))
        self._hole_starts.truncate(holes)
        self._hole_ends.truncate(holes)
        np.minimum(self._hole_ends.view, length, out=self._hole_ends.view)

    def extremes(self, bounds: Indices) -> tuple[Floats, Floats]:
        """Lowest and highest value of each [bounds[i], bounds[i + 1]); NaN where there is none."""
        low = np.full(len(bounds) - 1, np.nan)
        high = low.copy()
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            starts, stops = bounds[filled], bounds[filled + 1]
            dense = stops[-1] - starts[0] > 2 * BLOCK * len(filled)
            low[filled], high[filled] = (self._by_blocks if dense else self._by_points)(starts, stops)
        return low, high

    def sums(self, bounds: Indices) -> tuple[Floats, Floats]:
        """Sum and count of the numbers in each [bounds[i], bounds[i + 1])."""
        total, count = np.zeros(len(bounds) - 1), np.zeros(len(bounds) - 1)
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            starts, stops = bounds[filled], bounds[filled + 1]
            dense = stops[-1] - starts[0] > 2 * BLOCK * len(filled)
            with np.errstate(over="ignore", invalid="ignore"):
                found = (self._sums_by_blocks if dense else self._sums_by_points)(starts, stops)
            total[filled], count[filled] = found
        return total, count

    def ends(self, bounds: Indices) -> tuple[Indices, Indices]:
        """Index of the first and last number in each [bounds[i], bounds[i + 1]); first > last where none."""
        return self._forward(bounds[:-1]), self._backward(bounds[1:] - 1)

    def joined(self, before: Indices, after: Indices) -> NDArray[np.bool_]:
        """Whether no NaN lies between the two numbers at each pair of indices."""
        starts = self._hole_starts.view
        joined: NDArray[np.bool_] = np.searchsorted(starts, before) == np.searchsorted(starts, after)
        return joined

    def _forward(self, index: Indices) -> Indices:
        if not len(self._hole_ends):
            return index
        hole = np.searchsorted(self._hole_ends.view, index, "right")
        near = np.minimum(hole, len(self._hole_ends) - 1)
        inside = (hole == near) & (self._hole_starts.view[near] <= index)
        return np.where(inside, self._hole_ends.view[near], index)

    def _backward(self, index: Indices) -> Indices:
        if not len(self._hole_starts):
            return index
        hole = np.searchsorted(self._hole_starts.view, index, "right") - 1
        near = np.maximum(hole, 0)
        inside = (hole == near) & (self._hole_ends.view[near] > index)
        return np.where(inside, self._hole_starts.view[near] - 1, index)

    def _by_points(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        values = self.values[starts[0] : stops[-1]]
        return np.fmin.reduceat(values, starts - starts[0]), np.fmax.reduceat(values, starts - starts[0])

    def _by_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        edges, whole, cuts = self._in_blocks(starts, stops)
        low, high = np.fmin.reduce(edges, axis=1), np.fmax.reduce(edges, axis=1)
        if len(cuts):
            low[whole] = np.fmin(low[whole], np.fmin.reduceat(self._lows.view, cuts)[::2])
            high[whole] = np.fmax(high[whole], np.fmax.reduceat(self._highs.view, cuts)[::2])
        return low, high

    def _sums_by_points(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        values = self.values[starts[0] : stops[-1]]
        there = ~np.isnan(values)
        cuts = starts - starts[0]
        return np.add.reduceat(np.where(there, values, 0.0), cuts), np.add.reduceat(there.astype(float), cuts)

    def _sums_by_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        edges, whole, cuts = self._in_blocks(starts, stops)
        there = ~np.isnan(edges)
        total, count = np.where(there, edges, 0.0).sum(axis=1), there.sum(axis=1, dtype=np.float64)
        if len(cuts):
            total[whole] += np.add.reduceat(self._sums.view, cuts)[::2]
            count[whole] += np.add.reduceat(self._counts.view, cuts)[::2]
        return total, count

    def _in_blocks(self, starts: Indices, stops: Indices) -> tuple[Floats, Indices, Indices]:
        """Values before and behind the whole blocks of each range; which have whole blocks; their bounds."""
        first, last = -(-starts // BLOCK), stops // BLOCK
        head_stops = np.minimum(first * BLOCK, stops)
        tail_starts = np.maximum(last * BLOCK, head_stops)
        heads, tails = self._gathered(starts, head_stops), self._gathered(tail_starts, stops)
        whole = np.flatnonzero(last > first)
        pairs = np.stack((first[whole], last[whole]), axis=1).ravel()
        cuts = pairs[:-1] if len(pairs) and pairs[-1] == len(self._lows) else pairs
        return np.concatenate((heads, tails), axis=1), whole, cuts

    def _gathered(self, starts: Indices, stops: Indices) -> Floats:
        """The values of ranges shorter than a block, one row each, padded with NaN."""
        index = starts[:, None] + np.arange(BLOCK)
        values: Floats = self.values[np.minimum(index, len(self) - 1)]
        values[index >= stops[:, None]] = np.nan
        return values

    def _add_blocks(self) -> None:
        done, complete = len(self._lows), len(self) // BLOCK
        blocks = self.values[done * BLOCK : complete * BLOCK].reshape(-1, BLOCK)
        self._lows.extend(np.fmin.reduce(blocks, axis=1))
        self._highs.extend(np.fmax.reduce(blocks, axis=1))
        there = ~np.isnan(blocks)
        with np.errstate(over="ignore", invalid="ignore"):
            self._sums.extend(np.where(there, blocks, 0.0).sum(axis=1))
        self._counts.extend(there.sum(axis=1))

    def _add_holes(self, values: Floats) -> None:
        """Record the ranges of NaN; one that continues that of the last chunk extends it."""
        missing = np.isnan(values)
        if not missing.any():
            return
        steps = np.diff(np.concatenate(([False], missing, [False])).astype(np.int8))
        starts, ends = np.flatnonzero(steps == 1) + len(self), np.flatnonzero(steps == -1) + len(self)
        if len(self._hole_ends) and self._hole_ends.view[-1] == starts[0]:
            self._hole_ends.view[-1] = ends[0]
            starts, ends = starts[1:], ends[1:]
        self._hole_starts.extend(starts)
        self._hole_ends.extend(ends)
