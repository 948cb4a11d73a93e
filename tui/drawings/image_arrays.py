"""Images as arrays: decoded from JSON, normalised, resampled; the size of one in cells."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.session_protocol.mnist import LayerFilters, Levels

Values = NDArray[np.float64]
DARK = 255.0


def greys(rows: Any) -> Values:
    """Rows of 0 to 255 as an array of 0 to 1; one black pixel for anything that is not an image."""
    try:
        values = np.asarray(rows, dtype=np.float64) / DARK
    except (ValueError, TypeError):
        return np.zeros((1, 1))
    return values if values.ndim == 2 and values.size else np.zeros((1, 1))


def numbers(quantised: Levels | LayerFilters) -> Values:
    """The values of an array, levels being 0 to 255."""
    low, high = quantised.low, quantised.high
    return low + (high - low) * np.asarray(quantised.levels, dtype=np.float64) / DARK


def signed(values: Values) -> Values:
    """Divided by the largest absolute value: -1 to 1."""
    most = float(np.abs(values).max()) if values.size else 0.0
    return values / most if most > 0 else values


def stretched(values: Values, rows: int, columns: int) -> Values:
    """Resampled to (rows, columns): each new pixel is the mean over the area that it covers."""
    height, width = values.shape
    if (height, width) == (rows, columns):
        return values
    return _shares(height, rows) @ values @ _shares(width, columns).T


@cache
def _shares(old: int, new: int) -> Values:
    """(new, old): the share of each old pixel in a new one; rows sum to 1."""
    edges = np.linspace(0, old, new + 1)
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)[None]
    covered = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, 1)
    shares: Values = covered / covered.sum(axis=1, keepdims=True)
    return shares


def square_size(side: int, columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows, a cell being twice as high as wide; a multiple of `side` pixels where that fits."""
    room = max(2, min(columns, 2 * rows))
    if room >= side:
        room -= room % side
    elif room > side / 2:
        room -= room % 2
    else:
        room = max(room - room % 2, 2)
    return room, (room + 1) // 2
