"""Aids of lecture 4: rates, losses, softmax, batches and the chain rule."""

from __future__ import annotations

import math
import random
import re

import pytest

from engine.aids.catalog import compute
from engine.errors import ParamError

TEN = range(10)


@pytest.mark.parametrize(
    ("lr", "least", "most"), [(0.19, 6e-10, 8e-10), (0.20, 0.999, 1.001), (0.21, 1e8, 3e8)]
)
def test_a_bowl_is_left_or_reached_by_one_hundredth_of_the_rate(lr: float, least: float, most: float) -> None:
    values = compute("descent", {"surface": "bowl", "lr": lr}).values
    assert least < values["distance"] < most
    assert values["limit"] == 0.2
    assert values["distance"] == pytest.approx(math.hypot((1 - lr) ** 200, (1 - 10 * lr) ** 200), rel=1e-9)


def test_momentum_crosses_a_narrow_valley_in_a_seventh_of_the_steps() -> None:
    best = {"surface": "valley", "lr": "best", "beta": "best", "steps": 2000}
    plain, heavy = (compute("descent", {**best, "method": method}).values for method in ("plain", "momentum"))
    assert plain["reached_at"] == 691
    assert 70 < heavy["reached_at"] < 100
    assert plain["rate"] == pytest.approx(99 / 101) and plain["rate_momentum"] == pytest.approx(9 / 11)
    assert (
        compute("descent", {**best, "method": "plain", "k": 400, "steps": 5000}).values["reached_at"]
        > 4 * 690
    )


@pytest.mark.long  # torch.optim takes seconds to import
def test_the_optimisers_are_those_of_torch() -> None:
    import torch

    for method, make in (
        ("plain", lambda p: torch.optim.SGD(p, 0.05)),
        ("momentum", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
        ("nesterov", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True)),
        ("adam", lambda p: torch.optim.Adam(p, 0.05)),
    ):
        p = torch.ones(2, dtype=torch.float64, requires_grad=True)
        optimiser = make([p])
        for _ in range(30):
            optimiser.zero_grad()
            ((torch.tensor([1.0, 10.0]) * p * p).sum() / 2).backward()
            optimiser.step()
        given = {"method": method, "lr": 0.05, "beta": 0.9, "steps": 30}
        distance = compute("descent", given).values["distance"]
        assert distance == pytest.approx(float(p.detach().norm()), rel=1e-5), method


def test_rosenbrock_is_reached_by_adam_and_wants_numbers() -> None:
    given = {"surface": "rosenbrock", "method": "adam", "lr": 0.02}
    far, near = (compute("descent", {**given, "steps": steps}).values["height"] for steps in (100, 3000))
    assert near < 1e-3 < far
    with pytest.raises(ParamError, match="rosenbrock"):
        compute("descent", {"surface": "rosenbrock", "lr": "best"})


@pytest.mark.parametrize("seed", TEN)
def test_the_slopes_of_both_losses_are_central_differences(seed: int) -> None:
    source = random.Random(seed)
    z, t = source.uniform(-6, 6), source.choice([0.0, 0.3, 1.0])
    values = compute("losses", {"z": z, "t": t}).values
    up, down = (compute("losses", {"z": z + d, "t": t}).values for d in (1e-5, -1e-5))
    for name in ("cross_entropy", "squared"):
        slope = (up[name] - down[name]) / 2e-5
        assert values[f"{name}_slope"] == pytest.approx(slope, abs=1e-7)


def test_a_unit_that_is_surely_wrong_learns_from_cross_entropy_only() -> None:
    values = compute("losses", {"z": -5, "t": 1}).values
    assert values["cross_entropy_slope"] == pytest.approx(-0.9933, abs=1e-4)
    assert values["squared_slope"] == pytest.approx(-0.0066, abs=1e-4)
    assert values["ratio"] == pytest.approx(values["cross_entropy_slope"] / values["squared_slope"])


def test_equal_logits_have_the_loss_of_their_number_and_two_softmaxes_a_floor() -> None:
    ten = " ".join(["0"] * 10)
    assert compute("softmax", {"logits": ten}).values["loss"] == pytest.approx(2.3026, abs=1e-4)
    sure = compute("softmax", {"logits": "1000 " + " ".join(["0"] * 9), "twice": True}).values
    assert sure["floor"] == pytest.approx(1.4612, abs=1e-4)
    assert sure["loss"] == pytest.approx(sure["floor"])
    assert compute("softmax", {"logits": "1000 0 0"}).values["loss"] == 0


@pytest.mark.parametrize("seed", TEN)
@pytest.mark.parametrize("twice", [False, True])
def test_the_slope_of_softmax_is_a_central_difference_and_slopes_sum_to_zero(seed: int, twice: bool) -> None:
    source = random.Random(seed)
    logits = [source.uniform(-3, 3) for _ in range(5)]
    given = {"right": 2, "T": source.uniform(0.5, 2), "twice": twice}

    def loss(by: float) -> float:
        moved = [*logits[:2], logits[2] + by, *logits[3:]]
        return compute("softmax", {**given, "logits": " ".join(map(repr, moved))}).values["loss"]

    values = compute("softmax", {**given, "logits": " ".join(map(repr, logits))}).values
    assert values["gradient"] == pytest.approx((loss(1e-5) - loss(-1e-5)) / 2e-5, abs=1e-7)
    assert values["gradient_sum"] == pytest.approx(0, abs=1e-12)
    assert values["loss"] >= values["floor"]


def test_a_temperature_sharpens_and_flattens() -> None:
    hot, cold = (compute("softmax", {"logits": "2 1 0", "T": T}).values for T in (10, 0.1))
    assert cold["largest"] > 0.99 > hot["largest"] and cold["entropy"] < hot["entropy"] < math.log(3)


@pytest.mark.parametrize("given", [{"logits": "1"}, {"logits": "1 x"}, {"logits": "1 nan"}, {"right": 4}])
def test_logits_that_are_none_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ParamError):
        compute("softmax", given)


@pytest.mark.parametrize("seed", TEN)
def test_the_noise_of_a_batch_falls_as_one_over_the_root_of_its_size(seed: int) -> None:
    one, many = (compute("batch_noise", {"batch": batch}, seed).values for batch in (4, 64))
    assert one["slope"] == pytest.approx(-0.5, abs=0.05)
    assert one["deviation"] == pytest.approx(one["expected"], rel=0.15)
    assert one["expected"] == pytest.approx(4 * many["expected"])
    assert many["cosine"] > one["cosine"]


def _random_expression(source: random.Random, depth: int) -> str:
    if depth == 0:
        return source.choice(["x", "y", "z", f"{source.uniform(0.2, 2):.2f}"])
    left, right = (_random_expression(source, depth - 1) for _ in range(2))
    return source.choice(
        [f"({left} + {right})", f"({left} - {right})", f"{left} * ({right})", f"({left}) / (2 + ({right})^2)",
         f"tanh({left})", f"sigmoid({left})", f"sin({left})", f"exp(tanh({left}))", f"log(1 + ({left})^2)",
         f"-({left})"]
    )  # fmt: skip


def test_gradients_of_200_random_expressions_are_central_differences() -> None:
    source, tried = random.Random(1), 0
    while tried < 200:
        text = _random_expression(source, 3)
        if len(text) > 200:
            continue
        tried += 1
        at = {name: source.uniform(0.3, 1.5) for name in ("x", "y", "z")}
        made = compute("chain_graph", {"expression": text, **at}).values
        for name in at:
            up, down = (
                compute("chain_graph", {"expression": text, **at, name: at[name] + d}).values["value"]
                for d in (1e-5, -1e-5)
            )
            assert made[f"d{name}"] == pytest.approx((up - down) / 2e-5, abs=1e-6, rel=1e-6), text


@pytest.mark.parametrize(
    ("text", "value"), [("2^3^2", 512), ("-2^2", -4), ("1 - 2 - 3", -4), ("2 * (3 + x)", 8), ("6 / 2 / 3", 1)]
)
def test_an_expression_is_read_as_mathematics_has_it(text: str, value: float) -> None:
    assert compute("chain_graph", {"expression": text}).values["value"] == value


@pytest.mark.parametrize(
    "text",
    ["", "__import__('os')", "x.y", "1 +", "(x", "x)", "foo(x)", "exp x", "x; y", "1e5", "x" * 10_000,
     "(" * 100 + "x" + ")" * 100, "\x1b[2J", "log(-1)", "1/0", "exp(exp(exp(x+9)))", "(-2)^0.5", "9^9^9"],
)  # fmt: skip
def test_what_is_no_expression_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ParamError) as refused:
        compute("chain_graph", {"expression": text})
    assert "expression: expected" in str(refused.value)
    assert not re.search(r"[\x00-\x1f]", str(refused.value)) and len(str(refused.value)) < 250
