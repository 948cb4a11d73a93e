"""Histograms over a common range: shares of their numbers, and what they say about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.session_protocol.media import Distribution

Buckets = NDArray[np.float64]
"""(buckets, 3): left, right, count, rising"""
Shares = NDArray[np.float64]
POINT = 1e-9
"""width, as a share of the range, of a bucket that is one number"""


def counted(buckets: Buckets) -> Buckets:
    """Those with a count."""
    return buckets[buckets[:, 2] > 0]


def span(histograms: Sequence[Buckets]) -> tuple[float, float]:
    """The range of all numbers; one around them where all are equal, 0 to 1 without numbers."""
    found = [buckets for buckets in map(counted, histograms) if len(buckets)]
    if not found:
        return 0.0, 1.0
    low, high = min(float(one[0, 0]) for one in found), max(float(one[:, 1].max()) for one in found)
    margin = max(abs(low), 1.0) / 2 if low == high else 0.0
    return low - margin, high + margin


def shares(buckets: Buckets, low: float, high: float, rows: int) -> Shares:
    """(rows,): the share of the numbers in each of equal parts of the range; zeros without numbers."""
    buckets = counted(buckets)
    if not len(buckets):
        return np.zeros(rows)
    places, below = _cumulative(buckets, high - low)
    edges = np.linspace(low, high, rows + 1)
    edges[0], edges[-1] = min(edges[0], places[0]), max(edges[-1], places[-1])
    found: Shares = np.diff(np.interp(edges, places, below)) / below[-1]
    return found


def distribution(buckets: Buckets) -> Distribution | None:
    """None where it counts no number."""
    buckets = counted(buckets)
    if not len(buckets):
        return None
    count = float(buckets[:, 2].sum())
    mean = float((buckets[:, :2].mean(axis=1) * buckets[:, 2]).sum() / count)
    low, high = float(buckets[0, 0]), float(buckets[:, 1].max())
    places, below = _cumulative(buckets, high - low)
    quartiles = np.interp(np.array([0.25, 0.5, 0.75]) * below[-1], below, places)
    return Distribution(count, low, high, mean, np.clip(quartiles, low, high).tolist())


def _cumulative(buckets: Buckets, width: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places, rising, and the numbers below each."""
    least = POINT * (width or 1.0)
    right = np.maximum(buckets[:, 1], buckets[:, 0] + least)
    places = np.stack([buckets[:, 0], right], axis=1).ravel()
    total = np.cumsum(buckets[:, 2])
    below = np.stack([total - buckets[:, 2], total], axis=1).ravel()
    return np.maximum.accumulate(places), below


def thinned(steps: Sequence[int], most: int, kept: int) -> list[int]:
    """At most `most` of the steps, evenly chosen, `kept` and the last among them; of one `kept` alone."""
    if len(steps) <= most or most < 2:
        return list(steps) if most > 1 else [kept]
    chosen = {steps[round(place)] for place in np.linspace(0, len(steps) - 1, most)}
    if kept not in chosen:
        nearest = min(chosen - {steps[-1]}, key=lambda step: abs(step - kept))
        chosen = (chosen - {nearest}) | {kept}
    return sorted(chosen)
