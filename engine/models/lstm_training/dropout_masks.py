"""Dropout masks from NumPy: a function of (seed, step), the same in both frameworks and after a resume.

Masks are locked: the same units of a sentence are dropped at every word (Gal and Ghahramani 2016).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.language.model_description import ModelDescription

Floats = NDArray[np.float32]
STREAM = 0xD809 << 32  # added to the seed (below 2**32): differs from the streams of data order and weights


def masks(description: ModelDescription, rate: float, batch: int, seed: int, step: int) -> list[Floats]:
    """Masks of 0 and 1 / (1 - rate): (B, E) for the embedding, then (B, H) for the output of each layer."""
    rng = np.random.Generator(np.random.Philox(key=np.array([STREAM + seed, step], np.uint64)))
    widths = [description.embedding] + [description.hidden_size] * description.layers
    kept = rng.random((batch, sum(widths)), np.float32) >= rate
    scaled = kept.astype(np.float32) / np.float32(1 - rate)
    ends = np.cumsum(widths)
    return [
        np.ascontiguousarray(scaled[:, end - width : end]) for width, end in zip(widths, ends, strict=True)
    ]
