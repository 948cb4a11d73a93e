"""Split of the sentences: 80 % train, 10 % validation, 10 % test, by seed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.example_order import WORD, order

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
SPLIT_EPOCH = WORD - 1  # no run gets there, so the split shares no random stream with any epoch
LEAST = 3  # sentences: one for each part


def split(sentences: int, seed: int) -> NDArray[np.int8]:
    """For each sentence 0 (train), 1 (validation) or 2 (test). No part is empty for three or more
    sentences."""
    held_out = max(round(sentences / 10), 1)
    shuffled = order(seed, SPLIT_EPOCH, sentences)
    parts = np.zeros(sentences, np.int8)
    parts[shuffled[:held_out]] = 1
    parts[shuffled[held_out : 2 * held_out]] = 2
    return parts
