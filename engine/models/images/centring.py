"""A drawn digit like those a network learned from: scaled into a box, its centre of mass in the middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INNER = 20 / 28
"""side of the box of MNIST, as a part of the picture's; the small digits fill theirs"""
SMALL = 8
INK = 1


def centre(drawn: NDArray[np.uint8], side: int = 28) -> NDArray[np.uint8]:
    """Any (H, W) of 0 to 255 -> (side, side). A picture without ink comes back empty.

    Each pixel becomes the mean of what it covers, so thin strokes turn grey and stay where they were.
    """
    rows, columns = np.nonzero(drawn.max(axis=1) >= INK)[0], np.nonzero(drawn.max(axis=0) >= INK)[0]
    picture = np.zeros((side, side), dtype=np.float64)
    if not len(rows):
        return picture.astype(np.uint8)
    box = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    scale = (side if side <= SMALL else round(side * INNER)) / max(box.shape)
    height, width = (max(1, round(length * scale)) for length in box.shape)
    small = _area_means(box.shape[0], height) @ box @ _area_means(box.shape[1], width).T
    top, left = _start(small, 0, side), _start(small, 1, side)
    picture[top : top + height, left : left + width] = small
    return np.rint(picture).clip(0, 255).astype(np.uint8)


def _start(small: NDArray[np.float64], axis: int, side: int) -> int:
    """Where the box begins, so that its centre of mass is the picture's, and all of it inside."""
    mass = small.sum(axis=1 - axis)
    centre_of_mass = float(mass @ (np.arange(len(mass)) + 0.5) / mass.sum())
    return int(min(max(round(side / 2 - centre_of_mass), 0), side - len(mass)))


def _area_means(old: int, new: int) -> NDArray[np.float64]:
    """(new, old): the part of each old pixel in each new one; rows sum to 1."""
    edges = np.linspace(0, old, new + 1)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    covered = np.clip(np.minimum(ends, pixels + 1) - np.maximum(starts, pixels), 0, None)
    shares: NDArray[np.float64] = covered / covered.sum(axis=1, keepdims=True)
    return shares
