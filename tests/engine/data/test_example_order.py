"""The data order is a function of (seed, epoch) and of nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.example_order import order

GOLDEN = [2, 4, 5, 0, 9, 8, 1, 7, 3, 6]
GOLDEN_NEXT = [7, 1, 4, 9, 8, 3, 5, 0, 2, 6]
WORD = st.integers(0, 2**64 - 1)


@given(seed=WORD, epoch=WORD, n=st.integers(0, 200))
def test_it_is_a_permutation_and_always_the_same(seed: int, epoch: int, n: int) -> None:
    first = order(seed, epoch, n)
    assert sorted(first) == list(range(n))
    np.testing.assert_array_equal(first, order(seed, epoch, n))


def test_seeds_and_epochs_each_change_it_and_are_not_interchangeable() -> None:
    orders = {tuple(order(seed, epoch, 100)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_it_owes_nothing_to_the_global_random_state() -> None:
    np.random.seed(1)
    first = order(42, 3, 50)
    np.random.seed(2)
    np.testing.assert_array_equal(first, order(42, 3, 50))


def test_it_does_not_change_between_versions() -> None:
    """A run that was paused under another NumPy must find its place again."""
    assert order(42, 0, 10).tolist() == GOLDEN
    assert order(42, 1, 10).tolist() == GOLDEN_NEXT


@pytest.mark.parametrize(("seed", "epoch"), [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_what_does_not_fit_64_bits_is_refused(seed: int, epoch: int) -> None:
    with pytest.raises(ValueError, match="must lie in 0 to"):
        order(seed, epoch, 10)
