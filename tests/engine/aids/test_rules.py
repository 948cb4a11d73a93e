"""Aids of lecture 3: the rule of the perceptron, its bound, capacity, and XOR."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.aids.capacity import is_separable, separable_share
from engine.aids.catalog import compute

TEN = range(10)


@pytest.mark.parametrize("seed", TEN)
def test_mistakes_stay_below_the_bound_and_every_example_is_right_at_the_end(seed: int) -> None:
    for margin in (0.02, 0.1, 0.3):
        made = compute("perceptron", {"points": 40, "margin": margin}, seed)
        assert made.values["mistakes"] <= made.values["bound"]
        assert made.values["right"] == 40
        assert len(made.data["wrong"]) == made.values["mistakes"]


@pytest.mark.parametrize("seed", TEN)
def test_each_mistake_moves_the_line_by_the_example(seed: int) -> None:
    made = compute("perceptron", {"shown": 1, "rate": 0.5}, seed)
    x, y, target = made.data["points"][made.data["wrong"][0]]
    before, after = made.data["lines"]
    sign = 1 if target else -1
    assert after[1:] == pytest.approx(
        [before[1] + sign * x / 2, before[2] + sign * y / 2, before[3] + sign / 2]
    )


@pytest.mark.parametrize("seed", TEN)
def test_from_zero_the_rate_changes_no_mistake_and_from_random_weights_it_does(seed: int) -> None:
    zero, random = (compute("rate", {"start": start}, seed).values for start in ("zero", "random"))
    assert zero["alike"] == 1 and zero["slow"] == zero["middle"] == zero["fast"] > 0
    assert random["alike"] == 0 and random["slow"] > random["fast"]


def test_the_share_is_one_half_at_twice_the_weights() -> None:
    assert [separable_share(2 * n, n) for n in (1, 3, 7, 20)] == [0.5] * 4
    assert separable_share(60, 20) == pytest.approx(0.0043, abs=1e-4)
    assert all(separable_share(points, 5) == 1 for points in range(1, 6))
    assert separable_share(6, 2) == 2 * (1 + 5) / 64


@pytest.mark.parametrize("seed", TEN)
def test_the_measured_share_is_within_three_standard_errors(seed: int) -> None:
    values = compute("capacity", {"points": 10, "inputs": 4, "samples": 120}, seed).values
    assert abs(values["measured"] - values["share"]) <= 3.5 * values["error"]
    assert values["share"] == separable_share(10, 4)


def test_separability_is_that_of_the_signs_a_line_can_make() -> None:
    source = np.random.default_rng(0)
    points = source.normal(size=(6, 2))
    reached = {tuple(np.sign(points @ w)) for w in source.normal(size=(20000, 2))}
    for labels in itertools.product((-1.0, 1.0), repeat=6):
        assert is_separable(points, np.array(labels)) == (labels in reached)


@pytest.mark.parametrize("seed", TEN)
def test_on_xor_the_weights_repeat_and_stay_bounded_and_the_pocket_keeps_three_rows(seed: int) -> None:
    for given in ({}, {"shuffled": True}, {"shuffled": True, "spread": 1.0}):
        values = compute("xor_cycles", given, seed).values
        assert values["period"] >= 1 and values["mistakes"] > 0
        assert values["longest"] < 10
        assert values["right"] <= 3 and values["pocket"] == 3
    ten = compute("xor_cycles", {"rate": 10}, seed).values
    assert ten["longest"] == pytest.approx(10 * compute("xor_cycles", {}, seed).values["longest"])
    assert math.isfinite(ten["longest"])
