"""Smoothing: an exponential moving average by distance in x, as W&B's time weighted EMA."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARTS = 1000
"""distances are counted in thousandths of the visible range"""
LARGEST = 0.999
FORGOTTEN = 7.0
"""weights below exp(-FORGOTTEN) are ignored"""


def decay(amount: float, share: float) -> float:
    """The factor of a weight after `share` of the visible range; `amount` in (0, 1)."""
    return float(min(math.sqrt(amount), LARGEST) ** (PARTS * share))


def reach(amount: float) -> float:
    """The share of the visible range after which a weight can be ignored."""
    return FORGOTTEN / (-math.log(min(math.sqrt(amount), LARGEST)) * PARTS)


def averages(places: Floats, sums: Floats, counts: Floats, amount: float) -> Floats:
    """The average at each place of all points up to there.

    places: rising, as shares of the visible range. sums, counts: of the points at each place.
    A place without a number is NaN and leaves the average unchanged.
    """
    found = np.full(len(places), np.nan)
    total = weight = 0.0
    before = places[0] if len(places) else 0.0
    for index, (place, added, count) in enumerate(
        zip(places.tolist(), sums.tolist(), counts.tolist(), strict=True)
    ):
        if not count:
            continue
        left = decay(amount, place - before)
        total, weight, before = total * left + added, weight * left + count, place
        found[index] = total / weight
    return np.where(np.isfinite(found), found, np.nan)
