"""Cross-entropy of sixteen images at a time, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.swift.vector import LANES, inner


@inner
def cross_entropy(logits: Any, delta: Any, block: int, labels: Any, images: int, losses: Any) -> None:
    """`labels` of the batch; `losses` of each image. Lanes without an image get no gradient."""
    share = np.float32(1.0 / images)
    for lane in range(LANES):
        image = block * LANES + lane
        if image < images:
            losses[image] = _one(logits, delta, block, lane, labels[image], share)
        else:
            for c in range(delta.shape[1]):
                delta[block, c, lane] = np.float32(0)


@njit(inline="always")
def _one(logits: Any, delta: Any, block: int, lane: int, label: int, share: Any) -> Any:
    top = logits[block, 0, lane]
    for c in range(1, logits.shape[1]):
        top = max(top, logits[block, c, lane])
    total = np.float32(0)
    for c in range(logits.shape[1]):
        delta[block, c, lane] = np.exp(logits[block, c, lane] - top)
        total += delta[block, c, lane]
    for c in range(logits.shape[1]):
        delta[block, c, lane] *= share / total
    delta[block, label, lane] -= share
    return np.log(total) - (logits[block, label, lane] - top)
