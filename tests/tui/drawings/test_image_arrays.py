"""Pictures in another size keep what they show."""

from __future__ import annotations

import numpy as np

from engine.session_protocol.mnist import Levels
from tui.drawings.image_arrays import greys, numbers, signed, stretched


def test_a_smaller_picture_has_the_means_of_what_it_covers() -> None:
    values = np.arange(16, dtype=np.float64).reshape(4, 4)
    assert stretched(values, 2, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_a_larger_picture_repeats_its_pixels() -> None:
    assert stretched(np.array([[0.0, 1.0]]), 2, 4).tolist() == [[0, 0, 1, 1]] * 2


def test_an_odd_size_keeps_the_mean() -> None:
    values = np.random.default_rng(0).random((28, 28))
    assert np.isclose(stretched(values, 9, 13).mean(), values.mean())


def test_levels_stand_for_numbers() -> None:
    found = numbers(Levels(-1.0, 1.0, [[0, 255]]))
    assert found.tolist() == [[-1.0, 1.0]]


def test_what_is_no_picture_is_an_empty_one() -> None:
    assert greys([[1, 2], [3]]).shape == (1, 1)
    assert greys("x").tolist() == [[0.0]]


def test_amounts_are_in_units_of_the_largest() -> None:
    assert signed(np.array([2.0, -4.0])).tolist() == [0.5, -1.0]
    assert signed(np.zeros(3)).tolist() == [0, 0, 0]
