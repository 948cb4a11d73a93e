"""Labelled images of ten classes, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.class_names import DIGITS
from engine.data.idx import digest_idx
from engine.data.mnist_folders import Origin


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images uint8, 0 to 255, (N, 28, 28) or, for the fallback, (N, 8, 8); labels uint8, 0 to 9, (N,).

    `notice` is shown to the user when these are not the requested digits. `class_names` are read from the
    file `named_by` in the folder of the images; without such a file they are the digits.
    """

    title: str
    source: Origin
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    fingerprint: str
    notice: str = ""
    class_names: tuple[str, ...] = DIGITS
    named_by: str = ""


def digest_all(*arrays: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(digest_idx(array) for array in arrays)
