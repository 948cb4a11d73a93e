"""Pictures made worse by a known amount."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.images.conv_net import Pixels

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
"""down or up, right or left: (dy, dx)"""


def shifted(images: Pixels, dy: int, dx: int) -> Pixels:
    """Moved by so many pixels; what leaves the picture is lost, what comes in is background."""
    height, width = images.shape[1:]
    dy, dx = min(max(dy, -height), height), min(max(dx, -width), width)
    moved = np.zeros_like(images)
    moved[:, max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = images[
        :, max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
    ]
    return moved


def noisy(images: Pixels, spread: float, seed: int) -> Pixels:
    """With Gaussian noise of a standard deviation of `spread` of the whole grey scale, cut to 0 to 255."""
    random = np.random.default_rng(seed)
    noise: NDArray[np.float32] = random.standard_normal(images.shape, dtype=np.float32)
    return np.rint(images + noise * np.float32(255 * spread)).clip(0, 255).astype(np.uint8)
