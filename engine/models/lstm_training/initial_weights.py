"""Initial weights with Keras's distributions, drawn by NumPy: both frameworks start from the same values."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.models.language.model_description import ModelDescription

Floats = NDArray[np.float32]
STREAM = 0x1A17  # differs from the streams of data order and dropout


def weights(description: ModelDescription, seed: int) -> dict[str, Floats]:
    """Embedding uniform in +-0.05; matrices Glorot uniform; recurrent ones orthogonal; forget gate biases
    1."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, STREAM], np.uint64)))
    return {name: _tensor(name, size, rng) for name, size in description.shapes().items()}


def _tensor(name: str, size: tuple[int, ...], rng: np.random.Generator) -> Floats:
    if name == "embedding.weight":
        return rng.uniform(-0.05, 0.05, size).astype(np.float32)
    if name.endswith(".recurrent"):
        return _orthogonal(size, rng)
    if name.endswith(".bias"):
        return _bias(name, size)
    bound = math.sqrt(6 / sum(size))
    return rng.uniform(-bound, bound, size).astype(np.float32)


def _orthogonal(size: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """(H, 4H) with orthonormal rows."""
    q, r = np.linalg.qr(rng.standard_normal(size[::-1]))
    return np.ascontiguousarray((q * np.sign(np.diag(r))).T, dtype=np.float32)


def _bias(name: str, size: tuple[int, ...]) -> Floats:
    """Zeros; 1 for the forget gate of an LSTM (the second quarter)."""
    bias = np.zeros(size, np.float32)
    if name.startswith("lstm."):
        hidden = size[0] // 4
        bias[hidden : 2 * hidden] = 1
    return bias
