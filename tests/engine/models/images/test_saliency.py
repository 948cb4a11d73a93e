"""Where an answer comes from, with a network that looks at one place only."""

from __future__ import annotations

import numpy as np

from engine.models.images import conv_net
from engine.models.images.conv_net import ConvNet
from engine.models.images.layers import Dense, Flat


def looks_at(row: int, column: int) -> ConvNet:
    """Class 1 is as likely as that pixel is bright."""
    weight = np.zeros((2, 784), dtype=np.float32)
    weight[1, row * 28 + column] = 3
    return ConvNet((Flat("flat"), Dense("output", weight, np.zeros(2, dtype=np.float32))), 28)


def test_only_covering_the_pixel_that_counts_lowers_the_probability() -> None:
    image = np.full((28, 28), 200, dtype=np.uint8)
    found = conv_net.occlusion(looks_at(9, 20), image, target=1)
    assert found.shape == (28, 28)
    assert np.unravel_index(found.argmax(), found.shape) == (9, 20)
    assert found[0, 0] == 0 and found[9, 20] > 0.5


def test_the_gradient_is_zero_except_at_that_pixel() -> None:
    found = conv_net.gradient(looks_at(9, 20), np.zeros((28, 28), dtype=np.uint8), target=1)
    assert found[9, 20] == np.float32(3 / 127.5)
    assert np.count_nonzero(found) == 1
