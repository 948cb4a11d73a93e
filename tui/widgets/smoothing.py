"""An exponential moving average without the bias of its start."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST_RATIO = 1e6


class Smoother:
    """Debiased EMA fed in chunks; NaN stays NaN and does not count."""

    def __init__(self, weight: float) -> None:
        if not 0 <= weight < 1:
            raise ValueError(f"smoothing weight must lie in [0, 1), got {weight}")
        self._weight = weight
        self._average = 0.0
        self._count = 0

    def feed(self, values: Floats) -> Floats:
        smooth = np.full(len(values), np.nan)
        present = ~np.isnan(values)
        numbers = values[present]
        if len(numbers):
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                smooth[present] = self._debiased(numbers)
        return smooth

    def _debiased(self, numbers: Floats) -> Floats:
        averages = decayed_sums((1 - self._weight) * numbers, self._weight, self._average)
        counts = np.arange(self._count + 1, self._count + len(numbers) + 1, dtype=np.float64)
        self._average, self._count = float(averages[-1]), self._count + len(numbers)
        return averages / -np.expm1(counts * math.log(self._weight)) if self._weight else averages


def decayed_sums(numbers: Floats, weight: float, carry: float) -> Floats:
    """s[i] = weight * s[i - 1] + numbers[i] with s[-1] = carry, in whole-array operations."""
    if weight == 0:
        return numbers
    block = int(min(1024, math.log(LARGEST_RATIO) / -math.log(weight)))
    if block < 2:
        return _one_by_one(numbers, weight, carry)
    padded = np.zeros(-(-len(numbers) // block) * block)
    padded[: len(numbers)] = numbers
    decay = weight ** np.arange(1, block + 1)
    sums = np.cumsum(padded.reshape(-1, block) / decay, axis=1) * decay
    if len(sums) > 1:
        carries = decayed_sums(sums[:-1, -1].copy(), float(decay[-1]), carry)
        sums[1:] += carries[:, None] * decay
    sums[0] += carry * decay
    return np.asarray(sums.ravel()[: len(numbers)])


def _one_by_one(numbers: Floats, weight: float, carry: float) -> Floats:
    sums = np.empty(len(numbers))
    for index, number in enumerate(numbers.tolist()):
        sums[index] = carry = weight * carry + number
    return sums
