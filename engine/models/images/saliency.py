"""How much each pixel contributes to the output of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.images.conv_net import ConvNet, Pixels, softmax
from engine.models.images.convolution import Floats


def occlusion(net: ConvNet, image: Pixels, target: int, size: int | None = None) -> Floats:
    """(side, side): decrease of the probability of `target` when a background square covers the pixel.

    Each pixel is the mean over all squares of `size` that cover it; by default about a seventh of the side.
    """
    side = net.side
    size = size or max(2, side // 7)
    starts = range(side - size + 1)
    covered = np.repeat(image[None], len(starts) ** 2, axis=0)
    squares = [np.s_[top : top + size, left : left + size] for top in starts for left in starts]
    for one, square in zip(covered, squares, strict=True):
        one[square] = 0
    whole = softmax(net.logits(image[None]))[0, target]
    falls = whole - softmax(net.logits(covered))[:, target]
    total, count = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for fall, square in zip(falls, squares, strict=True):
        total[square] += fall
        count[square] += 1
    return total / count


def gradient(net: ConvNet, image: Pixels, target: int) -> NDArray[np.float32]:
    """(side, side): the change of the logit of `target` per grey level of each pixel."""
    return net.gradient(image, target)
