"""The order of training examples: a function of (seed, epoch), so a position is two integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORD = 1 << 64


def order(seed: int, epoch: int, n: int) -> NDArray[np.int64]:
    """A permutation of range(n). Raises ValueError unless 0 <= seed, epoch < 2**64."""
    if not (0 <= seed < WORD and 0 <= epoch < WORD):
        raise ValueError(f"seed {seed} and epoch {epoch} must lie in 0 to 2**64 - 1.")
    key = np.array([seed, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(n)
