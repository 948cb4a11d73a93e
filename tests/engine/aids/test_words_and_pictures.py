"""Aids of lectures 6, 7 and 9: kernels, fields, memory, attention, positions and beams."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.aids.catalog import compute
from engine.aids.kernel import correlate, picture
from engine.errors import ParamError

TEN = range(10)


@pytest.mark.parametrize("seed", TEN)
def test_a_kernel_is_a_sum_of_products_and_flipped_twice_it_is_the_first(seed: int) -> None:
    source = np.random.default_rng(seed)
    kernel = source.normal(size=(3, 3))
    text = " ".join(map(repr, kernel.ravel().tolist()))
    image, row, column = picture(seed), int(source.integers(10)), int(source.integers(10))
    window = image[row : row + 3, column : column + 3]
    given = {"kernel": text, "row": row, "column": column}
    values = compute("kernel", given, seed).values
    assert values["cell"] == pytest.approx((window * kernel).sum())
    flipped = compute("kernel", {**given, "flip": True}, seed).values
    assert flipped["cell"] == pytest.approx((window * kernel[::-1, ::-1]).sum())
    twice = " ".join(map(repr, kernel[::-1, ::-1].ravel().tolist()))
    again = compute("kernel", {**given, "kernel": twice, "flip": True}, seed).values
    assert again["cell"] == pytest.approx(values["cell"])
    assert compute("kernel", {"kernel": "1 2 1 2 4 2 1 2 1"}, seed).values["flip_matters"] == 0


def test_every_output_of_a_kernel_is_a_sum_of_products_at_its_place() -> None:
    image, kernel = picture(3), np.arange(9.0).reshape(3, 3)
    by_hand = [[(image[r : r + 3, c : c + 3] * kernel).sum() for c in range(10)] for r in range(10)]
    assert correlate(image, kernel) == pytest.approx(np.array(by_hand))


@pytest.mark.parametrize(
    ("layers", "field", "step"), [("5 2/2 5 2/2", 16, 4), ("3 3 3", 7, 1), ("7/2 3/2", 11, 4), ("1", 1, 1)]
)
def test_a_receptive_field_is_that_of_the_formula_and_of_counting(layers: str, field: int, step: int) -> None:
    values = compute("receptive", {"layers": layers}).values
    assert (values["field"], values["counted"], values["step"]) == (field, field, step)


@pytest.mark.parametrize("layers", ["", "x", "3/0", "99", "3 " * 20, "3/x"])
def test_layers_that_are_none_are_refused(layers: str) -> None:
    with pytest.raises(ParamError, match="layers: expected"):
        compute("receptive", {"layers": layers})


@pytest.mark.parametrize(("rho", "left"), [(0.5, 8.9e-16), (0.9, 5.2e-3), (1.1, 117)])
def test_a_recurrence_forgets_or_explodes_as_a_power(rho: float, left: float) -> None:
    assert compute("horizon", {"rho": rho}).values["recurrent"] == pytest.approx(left, rel=0.02)


@pytest.mark.parametrize(("bias", "left"), [(0, 8.9e-16), (1, 1.6e-7), (2, 1.8e-3)])
def test_the_forget_bias_decides_how_long_a_cell_remembers(bias: float, left: float) -> None:
    values = compute("horizon", {"bias": bias}).values
    assert values["cell"] == pytest.approx(left, rel=0.05)
    assert values["forget"] ** values["half_life"] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", TEN)
def test_a_clipped_gradient_has_the_limit_as_length_and_its_direction(seed: int) -> None:
    long, short = (compute("clipping", {"limit": limit}, seed).values for limit in (1.0, 50.0))
    assert long["norm"] == pytest.approx(1.1**30)
    assert long["clipped"] == pytest.approx(1) and long["cosine"] == pytest.approx(1)
    assert short["clipped"] == pytest.approx(short["norm"]) and short["factor"] == 1


def test_attention_of_four_words_has_its_known_rows() -> None:
    rows = [compute("qkv", {"row": row}).values for row in (1, 2, 3, 4)]
    weights = [[row[f"on_{place}"] for place in (1, 2, 3, 4)] for row in rows]
    known = [[1, 0, 0, 0], [0.3302, 0.6698, 0, 0], [0.2483, 0.2483, 0.5035, 0], [0.25] * 4]
    assert np.array(weights) == pytest.approx(np.array(known), abs=1e-4)
    assert all(row["sum"] == pytest.approx(1) for row in rows)
    assert compute("qkv", {"row": 1, "causal": False}).values["on_3"] > 0
    assert compute("qkv", {"row": 2, "sharp": 20}).values["on_2"] > 0.999


@pytest.mark.parametrize("seed", TEN)
def test_products_have_the_dimension_as_variance_and_sharpen_a_softmax(seed: int) -> None:
    made = [compute("sqrt_d", {"d": d}, seed).values for d in (16, 64, 512)]
    for values, d in zip(made, (16, 64, 512), strict=True):
        assert values["variance"] == pytest.approx(d, rel=0.15)
        assert 5.5 < values["entropy_scaled"] < values["even"] == math.log(512)
    entropies = [values["entropy"] for values in made]
    assert 3 > entropies[0] > entropies[1] > entropies[2] and entropies[2] < 0.6


@pytest.mark.parametrize("seed", TEN)
def test_positions_depend_on_distance_alone_and_a_mask_tells_order(seed: int) -> None:
    for d in (8, 32):
        values = compute("positions", {"d": d, "distance": 5}, seed).values
        assert values["square"] == pytest.approx(d / 2)
        assert values["spread"] < 1e-9 and values["product"] < values["square"]
        assert values["permuted"] < 1e-6
    assert compute("positions", {"causal": True}, seed).values["permuted"] > 0.01


def test_a_wider_beam_finds_what_greedy_misses() -> None:
    greedy, two, three = (compute("beam", {"width": width}).values for width in (1, 2, 3))
    assert greedy["found"] == pytest.approx(0.20)
    assert two["found"] == three["found"] == two["best"] == pytest.approx(0.36)
    assert greedy["looked_at"] < two["looked_at"] < three["looked_at"]
    assert compute("beam", {"alpha": 1}).values["score"] == pytest.approx(math.log(0.36) * 6 / 7)


def test_layers_cost_what_they_are_known_to() -> None:
    conv = compute("ledger", {}).values
    assert conv["parameters"] == 832 and conv["dense_parameters"] == 19_694_080
    wide = {"side": 14, "into": 64, "out": 64, "kernel": 3, "bias": False}
    assert compute("ledger", wide).values["parameters"] == 36_864
    assert compute("ledger", {**wide, "layer": "separable"}).values["parameters"] == 4_672
    assert compute("ledger", wide).values["multiply_adds"] == 36_864 * 196


@pytest.mark.parametrize("seed", TEN)
def test_a_third_of_pooled_values_survive_one_pixel_and_all_move_by_one_after_two(seed: int) -> None:
    one, two = (compute("shift", {"pixels": pixels}, seed).values for pixels in (1, 2))
    assert one["unchanged"] == pytest.approx(1 / 3, abs=0.09)
    assert two["moved"] == 1 > two["unchanged"] and one["before_pool"] == 1
    assert compute("shift", {"pixels": 0}, seed).values["unchanged"] == 1


@pytest.mark.parametrize("seed", TEN)
def test_temperature_and_top_k_narrow_what_is_drawn_and_padding_flatters(seed: int) -> None:
    plain, cold, few = (compute("sampler", given, seed).values for given in ({}, {"T": 0.05}, {"top_k": 3}))
    assert plain["reported"] == pytest.approx(2.33, abs=0.01)
    assert cold["entropy"] < plain["entropy"] and cold["top"] > plain["top"]
    assert few["entropy"] <= math.log(3) and few["own_perplexity"] <= 3 + 1e-9
    assert compute("sampler", {"top_k": 1}, seed).values["top"] == 1
    assert compute("sampler", {"places": 20}, seed).values["reported"] == pytest.approx(200)
