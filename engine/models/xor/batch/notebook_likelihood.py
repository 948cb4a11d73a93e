"""How likely the notebook's mean is, if its networks were like ours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED, MANY = 4000, 1, 200
NOTEBOOKS = (15, 10)
"""its runs of a setting at most, and the successes after which it began no more"""

Doubles = NDArray[np.float64]


def chance(stops: NDArray[Any], is_success: NDArray[np.bool_], theirs: float) -> float | None:
    """How often two experiments with networks like these differ by as much as the notebook's mean and ours.

    Both are drawn anew from the networks given: one by the notebook's rule, the other as many as there are.
    None without a success, or where nothing varies. For few networks it is a rough number.
    """
    values = np.where(is_success, stops.astype(np.float64), np.nan)
    won = values[is_success]
    if len(set(won.tolist())) < 2:
        return None
    dice = np.random.default_rng(SEED)
    apart = _means(_counted(dice.choice(values, (DRAWS, NOTEBOOKS[0])))) - _means_of_all(values, dice)
    apart = apart[np.isfinite(apart)]
    found = theirs - won.mean()
    return float(min(1.0, 2 * min((apart <= found).mean(), (apart >= found).mean())))


def _counted(draws: Doubles) -> Doubles:
    """NaN behind the last success that counts."""
    so_far = np.cumsum(np.isfinite(draws), axis=1)
    return np.where(so_far <= NOTEBOOKS[1], draws, np.nan)


def _means_of_all(values: Doubles, dice: np.random.Generator) -> Doubles:
    """Of samples as large as the whole; of many by the bell curve that their mean follows."""
    won = values[np.isfinite(values)]
    if len(won) > MANY:
        return dice.normal(won.mean(), won.std() / np.sqrt(len(won)), DRAWS)
    return _means(dice.choice(won, (DRAWS, len(won))))


def _means(draws: Doubles) -> Doubles:
    """NaN for a row without a success."""
    counts = np.isfinite(draws).sum(axis=1)
    found: Doubles = np.where(counts > 0, np.nansum(draws, axis=1) / np.maximum(counts, 1), np.nan)
    return found
