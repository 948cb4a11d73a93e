"""Pictures turned, scaled, sheared and shifted at random, a batch in one operation, wherever they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

APART = 1
"""in the counter's highest word: no permutation of an epoch draws from there"""


@dataclass(frozen=True, slots=True)
class AffineRange:
    """How far a picture may be bent, either way; every value in between is equally likely."""

    turn: float
    """degrees"""
    scale: float
    """natural logarithm of the factor, of width and height apart"""
    shear: float
    """pixels sideways per pixel down"""
    shift: float
    """share of the side"""


def maps(reach: AffineRange, count: int, seed: int, step: int) -> NDArray[np.float32]:
    """(count, 2, 3), from output to input places in [-1, 1]: a function of (seed, step) alone."""
    key = np.array([seed, step], dtype=np.uint64)
    random = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, APART]))
    turn, wide, high, shear, right, down = random.uniform(-1, 1, (6, count))
    turn, shear = turn * math.radians(reach.turn), shear * reach.shear
    wide, high = np.exp(wide * reach.scale), np.exp(high * reach.scale)
    cos, sin = np.cos(turn), np.sin(turn)
    moved = 2 * reach.shift  # the side is 2 long here
    rows = (
        (cos * wide, (shear * cos - sin) * high, moved * right),
        (sin * wide, (shear * sin + cos) * high, moved * down),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=1).astype(np.float32)


def bent(pixels: Tensor, reach: AffineRange, seed: int, step: int, background: float = -1.0) -> Tensor:
    """(B, C, H, W) -> the same shape; what comes in from outside is `background`."""
    places = torch.from_numpy(maps(reach, len(pixels), seed, step)).to(pixels.device)
    grid = F.affine_grid(places, list(pixels.shape), align_corners=False)
    # Outside is 0 to grid_sample.
    return F.grid_sample(pixels - background, grid, align_corners=False) + background
