"""Aids of lectures 5 and 8: gradients through depth, deltas, skips, and small networks that train."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.aids.catalog import compute
from engine.aids.deep_net import normed, normed_back
from engine.aids.small_mlp import BUGS

TEN = range(10)
GROUPS = ("W1", "b1", "W2", "b2")


@pytest.mark.parametrize("seed", TEN)
def test_the_first_gradient_of_twenty_layers_depends_on_activation_and_initialisation(seed: int) -> None:
    def first(act: str, init: str, **more: int) -> float:
        return compute("flow", {"act": act, "init": init, **more}, seed).values["first_norm"]

    assert first("sigmoid", "xavier") < 1e-11 < first("sigmoid", "xavier", depth=5)
    assert first("tanh", "xavier") > 0.05
    assert first("relu", "he") > 0.1
    uniform = compute("flow", {"act": "relu", "init": "uniform"}, seed).values
    assert uniform["first_norm"] < 1e-6 and 1 / 4 < uniform["ratio"] < 4, "a ratio hides it"
    assert uniform["last_spread"] < 1e-6 < uniform["first_spread"]


@pytest.mark.parametrize("seed", TEN)
def test_a_skip_alone_explodes_and_one_with_norm_carries_gradients(seed: int) -> None:
    def first(**given: str) -> float:
        return compute("residual", given, seed).values["first_norm"]

    assert first() < 1e-10
    assert 0.1 < first(skip="skip and norm") < 100
    assert first(skip="skip", act="relu", init="he") > 1e6


def test_the_gradient_through_a_norm_is_a_central_difference() -> None:
    source = np.random.default_rng(0)
    h, g = source.normal(size=(2, 3, 5))
    made = normed_back(h, g)
    for place in np.ndindex(h.shape):
        move = np.zeros_like(h)
        move[place] = 1e-5
        slope = ((normed(h + move) - normed(h - move)) * g).sum() / 2e-5
        assert made[place] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("seed", TEN)
@pytest.mark.parametrize("act", ["sigmoid", "tanh", "linear"])
def test_deltas_give_the_gradients_of_central_differences(act: str, seed: int) -> None:
    values = compute("delta", {"act": act, "examples": 3}, seed).values
    assert values["difference"] < 1e-6 < values["gradient"]
    assert values["delta_output"] > 0 and values["delta_hidden"] > 0


@pytest.mark.parametrize("seed", TEN)
def test_each_planted_bug_shows_where_it_is_and_nowhere_else(seed: int) -> None:
    places = [(), ("W1", "b1"), ("W1", "b1"), ("b1",), ("W2",), ("b2",)]
    for bug, wrong in zip(BUGS, places, strict=True):
        values = compute("grad_check", {"bug": bug}, seed).values
        assert values["wrong"] == len(wrong)
        assert all(values[name] > 1e-3 if name in wrong else values[name] < 1e-6 for name in GROUPS), bug


@pytest.mark.parametrize("seed", TEN)
def test_raw_pixels_saturate_units_and_standardised_ones_do_not(seed: int) -> None:
    raw, unit, standard = (
        compute("normalise", {"scale": scale}, seed).values for scale in ("raw", "unit", "standardised")
    )
    assert raw["saturated"] > 0.9 and raw["slope"] < 0.1
    assert standard["saturated"] < 0.1 and unit["saturated"] == 0
    assert raw["spread"] == pytest.approx(255 * unit["spread"])


def test_the_failure_map_counts_solutions_and_the_levels_at_which_others_stop() -> None:
    def count(hidden: int, bypass: bool = False) -> dict[str, float]:
        return compute("failure_map", {"hidden": hidden, "bypass": bypass}).values

    one, two, four = count(1), count(2), count(4)
    assert one["solved"] == 0 and one["at_477"] == 200
    assert one["least"] == pytest.approx(0.4774, abs=1e-3)
    assert count(1, True)["solved"] == 200
    assert 90 <= two["solved"] <= 130 and two["at_347"] > 30 and two["at_477"] > 10
    assert two["solved"] + two["at_347"] + two["at_477"] == 200
    assert 180 <= four["solved"] <= 200


def test_a_double_well_has_its_minima_and_momentum_hops_from_higher_up_only() -> None:
    def hopped(start: float, beta: float = 0.9) -> float:
        return compute("double_well", {"start": start, "beta": beta, "lr": 0.01}).values["hopped"]

    values = compute("double_well", {}).values
    assert (values["left"], values["barrier"], values["right"]) == pytest.approx(
        (-1.4730, 0.1260, 1.3470), abs=1e-4
    )
    assert [hopped(2.0), hopped(2.2)] == [0, 1]
    starts = [1.5 + 0.1 * number for number in range(10)]
    assert sum(map(hopped, starts)) < sum(hopped(start, 0.95) for start in starts)
    assert compute("double_well", {"beta": 0, "start": -1}).values["end"] == pytest.approx(
        values["left"], abs=1e-6
    )


@pytest.mark.parametrize("seed", TEN)
def test_dropout_keeps_the_mean_and_adds_its_variance(seed: int) -> None:
    for p in (0.0, 0.2, 0.5, 0.8):
        values = compute("dropout", {"p": p}, seed).values
        error = 3.5 * math.sqrt(p / (1 - p) / (4000 * 12))
        assert abs(values["mean"] - 1) <= error + 1e-12
        assert values["variance"] == pytest.approx(p / (1 - p), rel=0.05, abs=1e-12)
        assert values["expected_variance"] == p / (1 - p)
    evaluation = compute("dropout", {"p": 0.5, "mode": "evaluation"}, seed).values
    assert (evaluation["mean"], evaluation["variance"], evaluation["scale"]) == (1, 0, 1)


@pytest.mark.parametrize("seed", TEN)
def test_only_the_soft_threshold_makes_exact_zeros(seed: int) -> None:
    plain, soft, l2 = (
        compute("l1_l2", {"penalty": penalty}, seed).values
        for penalty in ("L1 by subgradient", "L1 by soft threshold", "L2")
    )
    assert (plain["zeros"], soft["zeros"], l2["zeros"]) == (0, 17, 0)
    assert plain["largest_false"] < 0.1 and soft["largest_false"] == 0
    none = compute("l1_l2", {"penalty": "none"}, seed).values
    assert l2["norm"] < none["norm"] and none["zeros"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_large_rate_kills_relu_units_and_no_leaky_ones(seed: int) -> None:
    def dead(lr: float, act: str = "relu") -> dict[str, float]:
        return compute("dead_units", {"lr": lr, "act": act}, seed).values

    gentle, rough = dead(0.5), dead(2)
    assert gentle["most"] <= 12 and gentle["loss"] < 0.5
    assert min(rough["first"], rough["second"], rough["third"]) >= 20
    assert dead(5)["diverged"] == 1
    assert dead(2, "leaky")["most"] == 0
