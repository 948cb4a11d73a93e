"""Adam in compiled loops, beside the same formulas in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from engine.models.mnist_kernels.adam import MEAN, NOTHING, SQUARE, adam, has_avx512
from engine.models.mnist_kernels.layers import Parameter, zeros

RATE = 0.001


@njit
def update(parameter: Parameter, gradient: NDArray[np.float32], count: int, step: float) -> None:
    adam(parameter, 0, gradient, count, RATE, step)


def parameter(mean: NDArray[np.float32], square: NDArray[np.float32]) -> Parameter:
    made = Parameter(*(zeros(len(mean)) for _ in range(3)))
    made.mean[:], made.square[:] = mean, square
    return made


@pytest.mark.parametrize("step", [1, 10, 100_000])
def test_a_step_is_right_to_three_units_in_the_last_place(step: int) -> None:
    """One each for the root, the sum below and the quotient. The weight begins at 0: nothing is cut off."""
    draw = np.random.default_rng(1)
    square = (10.0 ** draw.uniform(-29, 30, 50_000)).astype(np.float32)
    mean = (10.0 ** draw.uniform(-20, 10, 50_000) * draw.choice([-1, 1], 50_000)).astype(np.float32)
    made = parameter(mean, square)
    update(made, zeros(50_000), 50_000, float(step))
    root = np.float32(1 / np.sqrt(1 - SQUARE**step))
    above = made.mean.astype(np.float64) * np.float32(RATE / (1 - MEAN**step))
    expected = -above / (np.sqrt(made.square.astype(np.float64)) * float(root) + 1e-8)
    sizes = np.abs(expected)
    usual = (sizes > 1e-30) & (sizes < 1e30) & (made.square > 0)
    assert usual.mean() > 0.5
    wrong = np.abs(made.value - expected)[usual] / np.spacing(sizes[usual].astype(np.float32))
    assert wrong.max() < 3


def test_moments_are_those_of_the_formula_and_nothing_behind_the_end_is_touched() -> None:
    draw = np.random.default_rng(2)
    mean, gradient = (draw.normal(size=37).astype(np.float32) for _ in range(2))
    square = draw.uniform(size=37).astype(np.float32)
    made = parameter(mean, square)
    update(made, gradient, 21, 1.0)
    assert np.allclose(made.mean[:21], mean[:21] + (gradient - mean)[:21] * np.float32(0.1), rtol=1e-6)
    assert np.allclose(made.square[:21], SQUARE * square[:21] + 0.001 * gradient[:21] ** 2, rtol=1e-6)
    assert np.array_equal(made.mean[21:], mean[21:])
    assert np.array_equal(made.square[21:], square[21:])
    assert not made.value[21:].any()


def test_nothing_stays_nothing_the_endless_does_not_move_and_no_number_is_told() -> None:
    made = parameter(np.array([0, 1, 1, np.nan], np.float32), np.array([0, np.inf, 1, 1], np.float32))
    made.mean[2] = NOTHING / 2
    update(made, zeros(4), 4, 1.0)
    assert made.value[0] == 0
    assert abs(made.value[1]) < 1e-19
    assert made.mean[2] == 0
    assert made.value[2] == 0
    assert np.isnan(made.value[3])


def test_the_first_step_is_as_long_as_the_learning_rate_says() -> None:
    made = parameter(*np.zeros((2, 16), np.float32))
    update(made, np.linspace(-3, 3, 16, dtype=np.float32), 16, 1.0)
    assert np.allclose(np.abs(made.value), RATE, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "features", "expected"),
    [(None, None, True), ("haswell", None, False), (None, "+avx2,-avx512f", False), (None, "+avx512f", True)],
)
def test_estimates_of_avx512_are_used_where_numba_compiles_for_it(
    name: str | None, features: str | None, expected: bool
) -> None:
    assert has_avx512(name, features, {"avx512f": True}) is expected
