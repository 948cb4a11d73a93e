"""Centring of drawn digits as in MNIST: scaled into a box, the centre of mass in the middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INNER = 20 / 28
"""side of the box in MNIST as a share of the image; the 8x8 digits fill the whole image"""
SMALL = 8
INK = 1


def centre(drawn: NDArray[np.uint8], side: int = 28) -> NDArray[np.uint8]:
    """(H, W) of 0 to 255 -> (side, side). An empty image stays empty.

    Each pixel becomes the mean of the area it covers, so thin strokes turn grey but keep their place.
    """
    rows, columns = np.nonzero(drawn.max(axis=1) >= INK)[0], np.nonzero(drawn.max(axis=0) >= INK)[0]
    picture = np.zeros((side, side), dtype=np.float64)
    if not len(rows):
        return picture.astype(np.uint8)
    box = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    scale = (side if side <= SMALL else round(side * INNER)) / max(box.shape)
    height, width = (max(1, round(length * scale)) for length in box.shape)
    small = _area_means(box.shape[0], height) @ box @ _area_means(box.shape[1], width).T
    top, left = _offset(small, 0, side), _offset(small, 1, side)
    picture[top : top + height, left : left + width] = small
    return np.rint(picture).clip(0, 255).astype(np.uint8)


def _offset(small: NDArray[np.float64], axis: int, side: int) -> int:
    """Offset of the box that puts its centre of mass in the middle and keeps all of it inside the image."""
    mass = small.sum(axis=1 - axis)
    centre_of_mass = float(mass @ (np.arange(len(mass)) + 0.5) / mass.sum())
    return int(min(max(round(side / 2 - centre_of_mass), 0), side - len(mass)))


def _area_means(old: int, new: int) -> NDArray[np.float64]:
    """(new, old) weights of the old pixels in each new one; rows sum to 1."""
    edges = np.linspace(0, old, new + 1)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)
    covered = np.clip(np.minimum(ends, pixels + 1) - np.maximum(starts, pixels), 0, None)
    shares: NDArray[np.float64] = covered / covered.sum(axis=1, keepdims=True)
    return shares
