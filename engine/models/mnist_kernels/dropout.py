"""Which inputs dropout keeps: a function of seed, update and place. A resumed run has nothing to remember.

Sixty-four at a time are the bits of a number of SplitMix64 (Steele, Lea and Flood, 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.mnist_kernels.vector import inner

BITS = 64
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@inner
def mixed(number: Any) -> Any:
    """Of 64 bits, each of which may change any other."""
    number = (number ^ (number >> np.uint64(30))) * FIRST
    number = (number ^ (number >> np.uint64(27))) * SECOND
    return number ^ (number >> np.uint64(31))


@inner
def key_of(seed: int, step: int) -> Any:
    return mixed(mixed(np.uint64(seed)) + np.uint64(step) * GOLDEN)


@inner
def drop(numbers: Any, first: int, last: int, features: int, seed: int, step: int) -> None:
    """Of rows `first` to `last`: half of them become 0, the others twice what they were."""
    key, words = key_of(seed, step), -(-features // BITS)
    for image in range(first, last):
        for word in range(words):
            bits = mixed(key + np.uint64(image * words + word + 1) * GOLDEN)
            for i in range(word * BITS, min(features, word * BITS + BITS)):
                is_kept = (bits & np.uint64(1)) != np.uint64(0)
                numbers[image, i] = np.float32(2) * numbers[image, i] if is_kept else np.float32(0)
                bits >>= np.uint64(1)
