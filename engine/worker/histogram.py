"""The histogram of the numbers of an array or tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

BUCKETS = 64


def buckets_of(values: Any) -> list[list[float]]:
    """(left, right, count) each, of equal width; without those that are not finite.

    Raises ValueError and TypeError for what is no array of numbers.
    """
    for conversion in ("detach", "cpu", "double"):  # a tensor of PyTorch, on any device, of any width
        values = getattr(values, conversion)() if hasattr(values, conversion) else values
    numbers = np.asarray(values, dtype=np.float64).ravel()
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return []
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return [[low, high, float(numbers.size)]]
    counts, edges = np.histogram(numbers, BUCKETS, (low, high))
    buckets: list[list[float]] = np.stack([edges[:-1], edges[1:], counts.astype(np.float64)], axis=1).tolist()
    return buckets
