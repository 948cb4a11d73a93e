"""Distortions of images by a known amount: shifts and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.images.conv_net import Pixels

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
"""(dy, dx): right, left, down, up"""


def shift(images: Pixels, dy: int, dx: int) -> Pixels:
    """Images shifted by (dy, dx) pixels; pixels moved outside are lost, new ones are background (0)."""
    height, width = images.shape[1:]
    dy, dx = min(max(dy, -height), height), min(max(dx, -width), width)
    moved = np.zeros_like(images)
    moved[:, max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = images[
        :, max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
    ]
    return moved


def add_noise(images: Pixels, spread: float, seed: int) -> Pixels:
    """Images with Gaussian noise whose standard deviation is `spread` times 255, clipped to 0 to 255."""
    random = np.random.default_rng(seed)
    noise: NDArray[np.float32] = random.standard_normal(images.shape, dtype=np.float32)
    return np.rint(images + noise * np.float32(255 * spread)).clip(0, 255).astype(np.uint8)
