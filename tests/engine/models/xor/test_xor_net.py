"""One XOR network: outputs, losses, lines, gates, and the networks a person starts from."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from engine.errors import ParamError
from engine.models.xor import xor_net, xor_presets
from engine.models.xor.xor_net import GATES, ROWS, TRUTH, XorNet, net

LOGIC = {
    "always 0": lambda a, b: False, "always 1": lambda a, b: True,
    "x1": lambda a, b: a, "x2": lambda a, b: b,
    "not x1": lambda a, b: not a, "not x2": lambda a, b: not b,
    "AND": lambda a, b: a and b, "NAND": lambda a, b: not (a and b),
    "OR": lambda a, b: a or b, "NOR": lambda a, b: not (a or b),
    "XOR": lambda a, b: a != b, "XNOR": lambda a, b: a == b,
    "x1 and not x2": lambda a, b: a and not b, "x2 and not x1": lambda a, b: b and not a,
    "x1 or not x2": lambda a, b: a or not b, "x2 or not x1": lambda a, b: b or not a,
}  # fmt: skip


def set_by_hand(preset: xor_presets.Preset) -> XorNet:
    return net(
        preset.hidden_weight, preset.hidden_bias, preset.output_weight, preset.output_bias, preset.bypass,
        preset.activation, preset.temperature,
    )  # fmt: skip


def test_every_gate_has_the_name_of_its_truth_table() -> None:
    assert set(GATES) == set(LOGIC)
    for name, logic in LOGIC.items():
        assert xor_net.gate([bool(logic(bool(a), bool(b))) for a, b in ROWS]) == name


THRESHOLDS = [preset for preset in xor_presets.BY_HAND if preset.activation == "btu"]


def test_one_silu_unit_solves_xor_without_bypass_and_is_no_gate() -> None:
    (preset,) = (one for one in xor_presets.BY_HAND if one.activation == "silu")
    made = set_by_hand(preset)
    assert (made.output(ROWS) > 0.5).tolist() == [False, True, True, False]
    assert (len(made.hidden_bias), made.bypass) == (1, False)
    assert xor_net.losses(made, ROWS, TRUTH).bce < 0.05 < xor_net.FLOORS[1, False]
    assert xor_net.unit_gates(made) == [""]


@pytest.mark.parametrize("preset", THRESHOLDS, ids=lambda preset: preset.name)
def test_the_networks_set_by_hand_have_no_loss(preset: xor_presets.Preset) -> None:
    made = set_by_hand(preset)
    assert xor_net.losses(made, ROWS, TRUTH).sse == 0.0
    assert (made.output(ROWS) > 0.5).tolist() == [False, True, True, False]


def test_their_units_are_the_gates_they_are_said_to_be() -> None:
    gates = [xor_net.unit_gates(set_by_hand(preset)) for preset in THRESHOLDS]
    assert gates == [
        ["AND"],
        ["x2 and not x1", "x1 and not x2"],
        ["NOR", "x2 and not x1", "x1 and not x2", "AND"],
    ]


@pytest.mark.parametrize("puzzle", xor_presets.PUZZLES, ids=lambda puzzle: puzzle.name)
def test_every_puzzle_starts_unsolved_with_the_targets_of_its_gate(puzzle: xor_presets.Preset) -> None:
    assert xor_net.gate([bool(target) for target in puzzle.targets]) == puzzle.name
    output = set_by_hand(puzzle).output(ROWS)
    assert output.tolist() == [0.5] * 4


def test_the_linear_puzzles_can_be_solved_in_their_shape() -> None:
    for weights, bias, name in (((1, 1), -1.5, "AND"), ((1, 1), -0.5, "OR"), ((-1, -1), 1.5, "NAND")):
        solved = net([], [], weights, bias, bypass=True)
        assert xor_net.gate(solved.output(ROWS) > 0.5) == name
    assert xor_net.gate(net([[1, 1], [1, 1]], [-0.5, -1.5], [-1, 1], 0.5).output(ROWS) > 0.5) == "XNOR"


def test_the_least_losses_are_those_of_the_best_probabilities() -> None:
    """One line separates rows; the rows on one side share a probability."""
    two_thirds = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert xor_net.FLOORS[0, True] == pytest.approx(math.log(2))
    assert xor_net.FLOORS[1, False] == pytest.approx(3 / 4 * two_thirds)
    assert [round(least.floor, 4) for least in xor_presets.LADDER] == [0.6931, 0.4774, 0.0, 0.0]


@pytest.mark.parametrize("activation", xor_net.ACTIVATIONS)
@pytest.mark.parametrize("bypass", [False, True])
def test_the_output_is_that_of_the_formula(activation: str, bypass: bool) -> None:
    rng = np.random.default_rng(3)
    w, b, v, c = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=5 if bypass else 3), 0.3
    made = net(w.tolist(), b.tolist(), v.tolist(), c, bypass, activation, 0.5)
    for x in ROWS:
        z = [x[0] * w[j, 0] + x[1] * w[j, 1] + b[j] for j in range(3)]
        act = {
            "tanh": math.tanh,
            "relu": lambda z: max(z, 0.0),
            "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
            "silu": lambda z: z / (1 + math.exp(-z)),
        }
        h = [1 / (1 + math.exp(-2 * a)) if activation == "btu" else act[activation](a) for a in z]
        seen = [*(x if bypass else ()), *h]
        score = sum(a * e for a, e in zip(seen, v, strict=True)) + c
        score *= 2 if activation == "btu" else 1
        assert made.output(x[None])[0] == pytest.approx(1 / (1 + math.exp(-score)))


def test_large_weights_do_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        made = net([[1e6, 1e6]], [-1.5e6], [1e9], -5e8)
        assert made.output(ROWS).tolist() == [0, 0, 0, 1]
        assert xor_net.losses(made, ROWS, TRUTH).bce > 1e9


def test_the_plane_has_its_top_left_at_minus_a_half_and_one_and_a_half() -> None:
    made = net([], [], [2.0, -1.0], 0.25, bypass=True, activation="sigmoid")
    plane = xor_net.plane(made, 4, 8)
    assert plane.shape == (8, 4)
    assert plane[0, 0] == pytest.approx(made.output(np.array([[-0.25, 1.375]]))[0])
    assert plane[-1, -1] == pytest.approx(made.output(np.array([[1.25, -0.375]]))[0])


def test_a_line_is_clipped_to_the_square() -> None:
    assert xor_net.clipped(1, 1, -1) == [[-0.5, 1.5], [1.5, -0.5]]
    assert xor_net.clipped(1, 0, -0.5) == [[0.5, -0.5], [0.5, 1.5]]
    assert xor_net.clipped(0, 2, -1) == [[-0.5, 0.5], [1.5, 0.5]]
    assert xor_net.clipped(1, 1, -9) is None
    assert xor_net.clipped(0, 0, 1) is None


def test_the_ends_of_any_line_lie_on_it_and_within_the_square() -> None:
    for a, b, c in product((-2.0, 0.0, 0.3), (-1.0, 0.0, 5.0), (-1.0, 0.0, 0.7)):
        ends = xor_net.clipped(a, b, c)
        for x, y in ends or ():
            assert a * x + b * y + c == pytest.approx(0, abs=1e-9)
            assert -0.5 <= x <= 1.5 and -0.5 <= y <= 1.5


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (([[1, 1]], [0, 0], [1, 1], 0), "hidden_weight: expected 2 x 2 numbers"),
        (([[1, "x"]], [0], [1], 0), "hidden_weight: expected 1 x 2 numbers"),
        (([[1, 1]], [0], [1, 1], 0), "output_weight: expected 1 numbers"),
        (([], [], [], 0), "hidden: expected 1 to 64 units"),
        (([[1, math.nan]], [0], [1], 0), "hidden_weight: expected finite numbers"),
        (([[1, 1]], [0], [1], 0, False, "step"), "activation: expected one of btu"),
        (([[1, 1]], [0], [1], 0, False, "btu", 0), "temperature: expected a number above 0"),
    ],
)
def test_invalid_weights_are_named(facts: tuple, words: str) -> None:
    with pytest.raises(ParamError, match=words):
        net(*facts)


def test_a_sum_of_exactly_zero_in_a_row_makes_no_gate() -> None:
    assert xor_net.unit_gates(net([[0, 0], [1, 1]], [0, -0.5], [1, 1], 0)) == ["undecided", "OR"]
