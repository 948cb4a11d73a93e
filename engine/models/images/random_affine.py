"""Images rotated, scaled, sheared and shifted at random: a batch in one operation, on any device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

STREAM = 1
"""highest word of the Philox counter: the permutations of epochs use 0"""


@dataclass(frozen=True, slots=True)
class AffineRange:
    """Largest distortion in either direction; values in between are equally likely."""

    turn: float
    """degrees"""
    scale: float
    """natural logarithm of the factor, independent for width and height"""
    shear: float
    """pixels sideways per pixel down"""
    shift: float
    """as a share of the side"""


def affine_matrices(affine: AffineRange, count: int, seed: int, step: int) -> NDArray[np.float32]:
    """(count, 2, 3) matrices from output to input coordinates in [-1, 1]: a function of (seed, step)
    alone."""
    key = np.array([seed, step], dtype=np.uint64)
    random = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, STREAM]))
    turn, wide, high, shear, right, down = random.uniform(-1, 1, (6, count))
    turn, shear = turn * math.radians(affine.turn), shear * affine.shear
    wide, high = np.exp(wide * affine.scale), np.exp(high * affine.scale)
    cos, sin = np.cos(turn), np.sin(turn)
    moved = 2 * affine.shift  # the side is 2 long here
    rows = (
        (cos * wide, (shear * cos - sin) * high, moved * right),
        (sin * wide, (shear * sin + cos) * high, moved * down),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=1).astype(np.float32)


def random_transform(
    pixels: Tensor, affine: AffineRange, seed: int, step: int, background: float = -1.0
) -> Tensor:
    """(B, C, H, W) -> the same shape; pixels from outside are `background`."""
    places = torch.from_numpy(affine_matrices(affine, len(pixels), seed, step)).to(pixels.device)
    return transform(pixels, places, background)


def transform(pixels: Tensor, places: Tensor, background: float = -1.0) -> Tensor:
    """As `random_transform`, by the matrices (B, 2, 3) of `affine_matrices`."""
    grid = F.affine_grid(places, list(pixels.shape), align_corners=False)
    # grid_sample pads with 0.
    return F.grid_sample(pixels - background, grid, align_corners=False) + background
