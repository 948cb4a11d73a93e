"""Aids of lecture 2: known counts, truth tables and least losses."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from engine.aids.catalog import compute

TEN = range(10)
SOLVED = {
    "NOT": {"w1": -1, "b": 0.5},
    "AND": {"w1": 1, "w2": 1, "b": -1.5},
    "OR": {"w1": 1, "w2": 1, "b": -0.5},
    "NAND": {"w1": -1, "w2": -1, "b": 1.5},
    "NOR": {"w1": -1, "w2": -1, "b": 0.5},
    "XNOR": {"u11": 1, "u12": 1, "c1": -1.5, "u21": -1, "u22": -1, "c2": 0.5, "v1": 1, "v2": 1, "b": -0.5},
    "XOR": {"u11": 1, "u12": 1, "c1": -1.5, "v1": -2, "w1": 1, "w2": 1, "b": -0.5},
}


@pytest.mark.parametrize("puzzle", SOLVED)
def test_each_puzzle_is_solved_by_weights_that_are_known_and_not_by_zeros(puzzle: str) -> None:
    solved = compute("gate_lab", {"puzzle": puzzle, **SOLVED[puzzle]}).values
    assert (solved["right"], solved["solved"]) == (4, 1)
    assert compute("gate_lab", {"puzzle": puzzle}).values["solved"] == 0


@pytest.mark.parametrize("seed", TEN)
def test_the_line_lies_where_the_sum_is_zero(seed: int) -> None:
    source = random.Random(seed)
    w1, w2, b = (source.uniform(0.5, 3) * source.choice((-1, 1)) for _ in range(3))
    values = compute("gate_lab", {"w1": w1, "w2": w2, "b": b}).values
    assert w1 * values["crosses_x1"] + b == pytest.approx(0, abs=1e-12)
    assert w2 * values["crosses_x2"] + b == pytest.approx(0, abs=1e-12)
    assert values["distance"] == pytest.approx(abs(b) / math.hypot(w1, w2))
    moved = compute("gate_lab", {"w1": w1, "w2": w2, "b": b + 1}).values
    assert moved["angle"] == values["angle"] and moved["distance"] != values["distance"]


def test_one_line_has_at_most_three_rows_of_xor_right() -> None:
    """Through the free weights of XOR, the hidden unit at rest."""
    grid = [value / 2 for value in range(-4, 5)]
    best = max(
        compute("gate_lab", {"puzzle": "XOR", "w1": w1, "w2": w2, "b": b + 0.25}).values["right"]
        for w1, w2, b in itertools.product(grid[::2], grid[::2], grid[::2])
    )
    assert best == 3


def test_the_separable_functions_are_as_many_as_is_known() -> None:
    counts = [compute("census", {"inputs": inputs}).values for inputs in (1, 2, 3, 4)]
    assert [values["separable"] for values in counts] == [4, 14, 104, 1882]
    assert [values["functions"] for values in counts] == [4, 16, 256, 65536]


def test_the_two_functions_of_two_inputs_that_are_left_have_two_ones() -> None:
    assert [row for row in compute("census", {"inputs": 2}).data["rows"] if row[1] < row[2]] == [[2, 4, 6]]


@pytest.mark.parametrize(("inputs", "most"), [(1, 1), (2, 2), (3, 4)])
def test_every_function_is_built_right_with_half_as_many_units_as_rows_at_most(
    inputs: int, most: int
) -> None:
    for digits in itertools.product("01", repeat=2**inputs):
        values = compute("builder", {"table": "".join(digits)}).values
        assert values["right"] == values["rows"] == 2**inputs
        assert values["units"] <= most


@pytest.mark.parametrize("seed", TEN)
def test_functions_of_four_inputs_are_built_with_eight_units_at_most(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(100):
        table = f"{source.getrandbits(16):016b}"
        values = compute("builder", {"table": table}).values
        assert values["solved"] == 1 and values["units"] == min(table.count("1"), table.count("0"))
        plain = compute("builder", {"table": table, "complement": False}).values
        assert plain["solved"] == 1 and plain["units"] == table.count("1")


def test_all_functions_of_four_inputs_are_built_right() -> None:
    import numpy as np

    from engine.aids.builder import build, outputs

    for number in range(0, 65536, 7):
        wanted = np.array([number >> bit & 1 for bit in range(16)])
        assert (outputs(build(wanted, False), 16) == wanted).all()


def test_the_ladder_has_the_least_losses_of_the_theory() -> None:
    least = {
        shape: compute("ladder", {"shape": shape}).values["least"]
        for shape in ("no hidden unit", "one unit", "one unit and bypass", "two units")
    }
    third = -math.log(1 / 3) / 3 - 2 / 3 * math.log(2 / 3)
    assert list(least.values()) == pytest.approx([math.log(2), 0.75 * third, 0, 0], abs=1e-12)
    assert least["one unit"] == pytest.approx(0.4774, abs=1e-4)


@pytest.mark.parametrize("shape", ["one unit", "one unit and bypass", "two units"])
def test_weights_by_hand_come_as_near_to_the_least_loss_as_their_size_allows(shape: str) -> None:
    losses = [compute("ladder", {"shape": shape, "scale": scale}).values for scale in (10, 20, 40, 80)]
    above = [values["loss"] - values["least"] for values in losses]
    assert all(high > low > 0 for high, low in itertools.pairwise(above[:3]))
    assert above[-1] < 1e-3


@pytest.mark.parametrize(("T", "at_0", "at_half"), [(1, 0.25, 0.235), (0.5, 0.5, 0.393), (0.001, 250, 0)])
def test_a_colder_sigmoid_is_steeper_at_zero_and_flat_elsewhere(
    T: float, at_0: float, at_half: float
) -> None:
    values = compute("temperature", {"T": T, "z": 0.5}).values
    assert values["slope_at_0"] == pytest.approx(at_0)
    assert values["slope"] == pytest.approx(at_half, abs=5e-4)
