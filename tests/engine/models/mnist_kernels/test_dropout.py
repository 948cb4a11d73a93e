"""What dropout keeps: half of it, evenly, twice as large, as the compiled loops see it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.models.mnist_kernels.dropout import drop, mixed


@njit
def dropped(rows: NDArray[np.float32], first: int, last: int, seed: int, step: int) -> None:
    drop(rows, first, last, rows.shape[1], seed, step)


@njit
def number_after(state: np.uint64) -> np.uint64:
    return mixed(state)


def rows(seed: int, step: int, count: int = 500, features: int = 245) -> NDArray[np.float32]:
    made = np.full((count, features), 3, np.float32)
    dropped(made, 0, count, seed, step)
    return made


def test_the_numbers_are_those_of_splitmix64() -> None:
    state, found = 1234567, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        found.append(int(number_after(np.uint64(state))))
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_half_is_dropped_and_the_rest_is_twice_as_large() -> None:
    found = rows(1, 1)
    assert set(np.unique(found)) == {0, 6}
    assert abs((found > 0).mean() - 0.5) < 5 * 0.5 / found.size**0.5


def test_no_column_row_neighbour_or_update_knows_of_another() -> None:
    """Each share within five standard deviations of what coins would give."""
    first, second, other = (rows(seed, step) > 0 for seed, step in ((1, 1), (1, 2), (2, 1)))
    assert np.abs(first.mean(0) - 0.5).max() < 5 * 0.5 / 500**0.5
    assert np.abs(first.mean(1) - 0.5).max() < 5 * 0.5 / 245**0.5
    pairs = ((first, second), (first, other), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1]))
    for one, two in pairs:
        assert abs((one == two).mean() - 0.5) < 5 * 0.5 / one.size**0.5


def test_a_thread_that_has_some_of_the_images_drops_what_one_with_all_does() -> None:
    whole, parts = rows(7, 3, 50), np.full((50, 245), 3, np.float32)
    dropped(parts, 25, 50, 7, 3)
    dropped(parts, 0, 25, 7, 3)
    assert np.array_equal(whole, parts)


def test_what_is_not_a_number_is_dropped_too() -> None:
    made = np.full((50, 20), np.nan, np.float32)
    dropped(made, 0, 50, 1, 1)
    assert 0.3 < np.isnan(made).mean() < 0.7
    assert (made[~np.isnan(made)] == 0).all()
