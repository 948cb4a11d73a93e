"""Bootstrap test of the difference between the notebook's mean and that of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED, LARGE_SAMPLE = 4000, 1, 200
NOTEBOOK_RULE = (15, 10)
"""most runs of a setting, and the successes after which it trains no more"""

Doubles = NDArray[np.float64]


def chance(stops: NDArray[Any], is_success: NDArray[np.bool_], theirs: float) -> float | None:
    """Two-sided p-value (bootstrap) of the difference between the notebook's mean `theirs` and that of
    `stops`.

    Two samples are drawn from the networks given: one by the notebook's rule, the other as large as the
    whole. None without a success, or where nothing varies. It is rough for few networks.
    """
    values = np.where(is_success, stops.astype(np.float64), np.nan)
    won = values[is_success]
    if len(set(won.tolist())) < 2:
        return None
    rng = np.random.default_rng(SEED)
    differences = _means(_counted(rng.choice(values, (DRAWS, NOTEBOOK_RULE[0])))) - _means_of_all(values, rng)
    differences = differences[np.isfinite(differences)]
    found = theirs - won.mean()
    return float(min(1.0, 2 * min((differences <= found).mean(), (differences >= found).mean())))


def _counted(draws: Doubles) -> Doubles:
    """NaN after the last success that counts."""
    so_far = np.cumsum(np.isfinite(draws), axis=1)
    return np.where(so_far <= NOTEBOOK_RULE[1], draws, np.nan)


def _means_of_all(values: Doubles, rng: np.random.Generator) -> Doubles:
    """Means of samples as large as the whole; above LARGE_SAMPLE from the normal distribution of the mean."""
    won = values[np.isfinite(values)]
    if len(won) > LARGE_SAMPLE:
        return rng.normal(won.mean(), won.std() / np.sqrt(len(won)), DRAWS)
    return _means(rng.choice(won, (DRAWS, len(won))))


def _means(draws: Doubles) -> Doubles:
    """Mean of each row, NaN without a success."""
    counts = np.isfinite(draws).sum(axis=1)
    found: Doubles = np.where(counts > 0, np.nansum(draws, axis=1) / np.maximum(counts, 1), np.nan)
    return found
