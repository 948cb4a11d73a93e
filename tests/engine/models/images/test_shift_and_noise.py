"""Shifts and noise by a known amount."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.images.shift_and_noise import add_noise, shift


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (2, 0), (-2, 0), (0, 3), (-1, -3), (28, 0), (0, -40)])
def test_a_shift_moves_and_loses_what_leaves(dy: int, dx: int) -> None:
    images = np.random.default_rng(2).integers(1, 256, (3, 28, 28), dtype=np.uint8)
    moved = shift(images, dy, dx)
    for y in range(0, 28, 5):
        for x in range(28):
            inside = 0 <= y - dy < 28 and 0 <= x - dx < 28
            assert (moved[:, y, x] == (images[:, y - dy, x - dx] if inside else 0)).all()


def test_noise_has_its_spread_and_comes_back_the_same() -> None:
    grey = np.full((50, 28, 28), 128, dtype=np.uint8)
    found = add_noise(grey, 0.1, seed=3)
    assert found.std() == pytest.approx(25.5, rel=0.02)
    np.testing.assert_array_equal(found, add_noise(grey, 0.1, seed=3))
    np.testing.assert_array_equal(add_noise(grey, 0, seed=3), grey)
