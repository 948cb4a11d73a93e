"""Initial weights of XOR networks: a function of (seed, hidden units, bypass, scheme) alone.

Each weight is an entry of the random stream of its seed, so a network starts the same alone and in a batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

# SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), hashing a counter.
_GOLDEN, _FIRST, _SECOND = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """Weights of N networks; the network is the last index."""

    hidden_weight: Singles
    """(k, 2, N)"""
    hidden_bias: Singles
    """(k, N)"""
    output_weight: Singles
    """(m, N), with bypass those of the inputs first"""
    output_bias: Singles
    """(N,)"""


def draw(seeds: Any, hidden: int, bypass: bool, scheme: str) -> InitialWeights:
    """`linear`: uniform within 1 / sqrt(inputs of the layer), as in nn.Linear; `xavier`: weights uniform
    within sqrt(6 / (inputs + outputs)), biases zero."""
    seen = hidden + (2 if bypass else 0)
    draws = _uniform(np.asarray(seeds, dtype=np.uint64).reshape(-1), 3 * hidden + seen + 1)
    weight, bias, output, last = np.split(draws, [2 * hidden, 3 * hidden, 3 * hidden + seen])
    if scheme == "linear":
        low, high = 1 / math.sqrt(2), 1 / math.sqrt(seen)
        scales = (low, low, high, high)
    else:
        scales = (math.sqrt(6 / (2 + hidden)), 0.0, math.sqrt(6 / (seen + 1)), 0.0)
    parts = [
        (part * scale).astype(np.float32) + np.float32(0)  # no negative zeros
        for part, scale in zip((weight, bias, output, last), scales, strict=True)
    ]
    return InitialWeights(parts[0].reshape(hidden, 2, draws.shape[1]), parts[1], parts[2], parts[3][0])


def _uniform(seeds: NDArray[np.uint64], count: int) -> NDArray[np.float64]:
    """(count, N) in [-1, 1): the first `count` entries of each seed's stream."""
    with np.errstate(over="ignore"):
        keys = _mixed(seeds * _GOLDEN + _SECOND)
        numbers = _mixed(keys + _GOLDEN * np.arange(1, count + 1, dtype=np.uint64)[:, None])
    return (numbers >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _FIRST
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _SECOND
    mixed: NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed
