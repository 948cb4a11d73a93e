"""A convolution as one matrix product, and its gradient by the input.

Maps are (channels, height, width, images): with the images last, every shifted window is a copy of long rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def convolve(maps: Floats, weight: Floats, bias: Floats, padding: int) -> Floats:
    """(C, H, W, N) with `weight` (K, C, h, w) -> (K, H', W', N), stride 1, zero padding."""
    kernels, channels, high, wide = weight.shape
    padded = _pad(maps, padding)
    height, width = padded.shape[1] - high + 1, padded.shape[2] - wide + 1
    windows = np.empty((channels, high, wide, height, width, maps.shape[3]), dtype=np.float32)
    for dy in range(high):
        for dx in range(wide):
            windows[:, dy, dx] = padded[:, dy : dy + height, dx : dx + width]
    seen = weight.reshape(kernels, -1) @ windows.reshape(channels * high * wide, -1)
    seen += bias[:, None]
    return seen.reshape(kernels, height, width, -1)


def convolve_back(gradient: Floats, weight: Floats, padding: int, side: tuple[int, int]) -> Floats:
    """The gradient by the output (K, H', W', N) -> by the input (C, H, W, N), where `side` is (H, W)."""
    kernels, channels, high, wide = weight.shape
    height, width, images = gradient.shape[1:]
    windows = (weight.reshape(kernels, -1).T @ gradient.reshape(kernels, -1)).reshape(
        channels, high, wide, height, width, images
    )
    padded = np.zeros((channels, side[0] + 2 * padding, side[1] + 2 * padding, images), dtype=np.float32)
    for dy in range(high):
        for dx in range(wide):
            padded[:, dy : dy + height, dx : dx + width] += windows[:, dy, dx]
    return padded[:, padding : padding + side[0], padding : padding + side[1]]


def _pad(maps: Floats, padding: int) -> Floats:
    if not padding:
        return maps
    channels, height, width, images = maps.shape
    padded = np.zeros((channels, height + 2 * padding, width + 2 * padding, images), dtype=np.float32)
    padded[:, padding : padding + height, padding : padding + width] = maps
    return padded
