"""A drawn digit put where MNIST has its digits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import mnist
from engine.models.images.centring import centre
from engine.places import Places


def mass_centre(picture: NDArray[np.uint8]) -> tuple[float, float]:
    heavy = picture.astype(float)
    y, x = (np.indices(picture.shape) + 0.5).reshape(2, -1) @ heavy.ravel() / heavy.sum()
    return float(y), float(x)


@pytest.mark.parametrize("corner", [(0, 0), (0, 60), (60, 0), (30, 10)])
def test_a_digit_drawn_anywhere_is_centred_in_its_box(corner: tuple[int, int]) -> None:
    drawn = np.zeros((100, 90), dtype=np.uint8)
    drawn[corner[0] : corner[0] + 40, corner[1] : corner[1] + 6] = 255
    drawn[corner[0] : corner[0] + 6, corner[1] : corner[1] + 20] = 255
    picture = centre(drawn)
    rows, columns = np.nonzero(picture.any(axis=1))[0], np.nonzero(picture.any(axis=0))[0]
    assert picture.shape == (28, 28)
    assert rows[-1] - rows[0] + 1 == 20 and columns[-1] - columns[0] + 1 == 10
    assert mass_centre(picture) == pytest.approx((14, 14), abs=0.6)


def test_where_it_was_drawn_makes_no_difference() -> None:
    drawn = np.zeros((60, 60), dtype=np.uint8)
    drawn[5:25, 8:12] = 200
    np.testing.assert_array_equal(centre(drawn), centre(np.roll(drawn, (20, 30), (0, 1))))


def test_an_empty_drawing_stays_empty() -> None:
    assert not centre(np.zeros((50, 70), dtype=np.uint8)).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (300, 300)])
@pytest.mark.parametrize("side", [8, 28])
def test_the_oddest_strokes_stay_inside(shape: tuple[int, int], side: int) -> None:
    picture = centre(np.full(shape, 255, dtype=np.uint8), side)
    assert picture.shape == (side, side) and picture.max() > 0


def test_a_digit_of_mnist_is_centred_already() -> None:
    if "DLTUI_DATA" not in os.environ:
        pytest.skip("DLTUI_DATA names no folder with MNIST")
    images = mnist.load(Places(Path("nowhere")), report=print).test_images[:200]
    moved = [abs(np.subtract(mass_centre(image), mass_centre(centre(image)))).max() for image in images]
    assert max(moved) < 1.1
