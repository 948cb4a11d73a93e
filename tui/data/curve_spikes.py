"""Where a curve leaves the range of its last values: spikes, jumps, the beginning of a divergence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW, LEAST = 50, 10
"""values before a point that it is compared with, and how many there are at least"""
SHARE = 0.9
"""of these values are within the usual distance from their median"""
FAR = 5.0
"""times the usual distance that a spike is away"""
FLAT = 0.01
"""the usual distance is this part of the median at least: a flat curve has spikes of 5 % or more"""
CHUNK = 4_096
"""points for which windows are made at once"""


def spikes(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The indices of points that are far from the 50 values before them; of neighbours the first alone.

    Far: more than 5 times as far from the median of the 50 as nine tenths of these are, up or down. Median
    and share do not heed single outliers, so one spike does not hide the next; a slope, noise and a jump that
    stays make no second one. Values that are not finite are left out.
    """
    finite = np.flatnonzero(np.isfinite(values))
    kept = np.ascontiguousarray(values[finite])
    if len(kept) <= LEAST:
        return finite[:0]
    is_far = np.zeros(len(kept), bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for index in range(LEAST, min(WINDOW, len(kept))):
            is_far[index] = _are_far(kept[None, :index], kept[index : index + 1])[0]
        for start in range(WINDOW, len(kept), CHUNK):
            stop = min(start + CHUNK, len(kept))
            windows = np.lib.stride_tricks.sliding_window_view(kept[start - WINDOW : stop - 1], WINDOW)
            is_far[start:stop] = _are_far(windows, kept[start:stop])
    is_first = is_far & ~np.concatenate(([False], is_far[:-1]))
    found: NDArray[np.int64] = finite[is_first]
    return found


def _are_far(windows: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each point is far from the values of its window."""
    median = np.median(windows, axis=1)
    rank = max(0, round(SHARE * windows.shape[1]) - 1)
    usual = np.partition(np.abs(windows - median[:, None]), rank, axis=1)[:, rank]
    least = np.maximum(FLAT * np.abs(median), np.finfo(float).tiny)
    found: Any = np.abs(points - median) > FAR * np.maximum(usual, least)
    return np.asarray(found, bool)


def not_finite(missing: NDArray[np.int64], infinite: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the indices of values that are no finite numbers, the first of each unbroken row."""
    found = np.union1d(missing, infinite)
    return found[np.concatenate(([True], np.diff(found) > 1))] if len(found) else found
