"""Aids of lecture 1, against closed forms and central differences."""

from __future__ import annotations

import math
import random

import pytest

from engine.aids.catalog import compute
from engine.aids.phi import NAMES

TEN = range(10)


def test_the_reference_neuron_has_its_values() -> None:
    values = compute("neuron", {"x1": 1, "x2": 2, "w1": 0.5, "w2": -1, "b": 1}).values
    assert values["z"] == -0.5
    assert values["a"] == pytest.approx(0.3775, abs=1e-4)
    assert values["slope"] == pytest.approx(0.2350, abs=1e-4)


@pytest.mark.parametrize("seed", TEN)
@pytest.mark.parametrize("act", [name for name in NAMES if name != "step"])
def test_the_slopes_of_a_neuron_are_central_differences(act: str, seed: int) -> None:
    source = random.Random(seed)
    given = {name: source.uniform(-2, 2) for name in ("x1", "x2", "w1", "w2", "b")}
    made = compute("neuron", {**given, "act": act}).values
    for name, by in (("w1", "da_dw1"), ("w2", "da_dw2"), ("b", "da_db"), ("x1", "da_dx1"), ("x2", "da_dx2")):
        up, down = ({**given, name: given[name] + d, "act": act} for d in (1e-5, -1e-5))
        slope = (compute("neuron", up).values["a"] - compute("neuron", down).values["a"]) / 2e-5
        assert made[by] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize(
    ("act", "largest", "at"),
    [("sigmoid", 0.25, 0), ("tanh", 1, 0), ("relu", 1, None), ("leaky", 1, None),
     ("gelu", 1.1289, math.sqrt(2)), ("silu", 1.0998, 2.3994)],
)  # fmt: skip
def test_the_largest_slopes_are_those_of_the_formulas(act: str, largest: float, at: float | None) -> None:
    values = compute("activations", {"act": act}).values
    assert values["largest_slope"] == pytest.approx(largest, abs=1e-4)
    assert at is None or values["largest_slope_at"] == pytest.approx(at, abs=1e-4)
    assert values["ten_layers"] == pytest.approx(largest**10, rel=2e-3)


def test_gelu_and_silu_have_their_least_values() -> None:
    gelu, silu = (compute("activations", {"act": act}).values for act in ("gelu", "silu"))
    assert (gelu["least"], gelu["least_at"]) == pytest.approx((-0.1700, -0.7518), abs=1e-4)
    assert (silu["least"], silu["least_at"]) == pytest.approx((-0.2785, -1.2785), abs=1e-4)
    assert "least" not in compute("activations", {"act": "tanh"}).values


@pytest.mark.parametrize("seed", TEN)
@pytest.mark.parametrize("act", ["sigmoid", "tanh"])
def test_backward_computes_gradients_and_leaves_weights_alone_until_the_step(act: str, seed: int) -> None:
    phases = {
        phase: compute("stepper", {"phase": phase, "act": act}, seed)
        for phase in ("start", "forward", "backward", "step")
    }
    start, backward, step = phases["start"], phases["backward"], phases["step"]
    assert backward.values["difference"] < 1e-6
    assert backward.values["moved"] == 0 and backward.values["gradients"] == 9
    assert [row[1] for row in backward.data["weights"]] == [row[1] for row in start.data["weights"]]
    assert step.values["moved"] == 9
    assert step.values["loss_after"] < step.values["loss"]
    assert "output" not in start.values and phases["forward"].values["gradients"] == 0


@pytest.mark.parametrize("seed", TEN)
def test_the_step_is_the_rate_times_the_gradient(seed: int) -> None:
    before = compute("stepper", {"phase": "backward"}, seed).data["weights"]
    after = compute("stepper", {"phase": "step", "lr": 0.25}, seed).data["weights"]
    for (_, old, gradient), (_, new, _) in zip(before, after, strict=True):
        assert new == pytest.approx(old - 0.25 * gradient, abs=1e-15)


@pytest.mark.parametrize("seed", TEN)
def test_hebb_grows_without_limit_and_oja_finds_the_first_component(seed: int) -> None:
    plain = compute("hebb", {"rule": "hebb"}, seed).values
    oja = compute("hebb", {"rule": "oja", "rate": 0.005}, seed).values
    shorter = compute("hebb", {"rule": "hebb", "steps": 1000}, seed).values
    assert plain["norm"] > 1e9 and plain["norm"] > shorter["norm"] > shorter["start_norm"]
    assert oja["norm"] == pytest.approx(1, abs=0.05)
    assert oja["alignment"] > 0.99
