"""What counts as a spike, on curves made for it."""

from __future__ import annotations

import numpy as np
import pytest

from tui.data.curve_spikes import not_finite, spikes

CHANCE = np.random.default_rng(3)
STEPS = np.arange(2_000)
NOISE = CHANCE.normal(size=len(STEPS))
DECAY = 2.0 * np.exp(-STEPS / 300) + 0.1


def found_in(values: np.ndarray) -> list[int]:
    return spikes(np.asarray(values, float)).tolist()


@pytest.mark.parametrize(
    "curve",
    [
        DECAY,
        DECAY + 0.02 * NOISE,
        DECAY * np.exp(0.2 * NOISE),
        np.linspace(0, 1, 2_000),
        1 - np.exp(-STEPS / 50),
        np.full(2_000, 0.98),
        np.sin(STEPS / 40),
        np.zeros(2_000),
        0.001 * (0.5 * (1 + np.cos(np.pi * STEPS / 2_000))),
    ],
    ids=["decay", "noisy", "noise in proportion", "ramp", "saturation", "flat", "wave", "zero", "cosine"],
)
def test_an_ordinary_curve_has_none(curve: np.ndarray) -> None:
    assert found_in(curve) == []


def with_spike(curve: np.ndarray, at: int, by: float, length: int = 1) -> np.ndarray:
    made = curve.copy()
    made[at : at + length] += by
    return made


@pytest.mark.parametrize("at", [12, 40, 50, 777, 1_999])
@pytest.mark.parametrize("by", [3.0, -3.0])
def test_a_single_point_far_away_is_one_wherever_it_is(at: int, by: float) -> None:
    assert found_in(with_spike(DECAY + 0.02 * NOISE, at, by)) == [at]


def test_a_spike_of_several_points_is_told_once() -> None:
    assert found_in(with_spike(DECAY + 0.02 * NOISE, 900, 3.0, length=4)) == [900]


def test_one_spike_does_not_hide_the_next() -> None:
    curve = with_spike(with_spike(DECAY + 0.02 * NOISE, 900, 30.0), 910, 1.0)
    assert found_in(curve) == [900, 910]


def test_a_jump_that_stays_is_told_where_it_begins() -> None:
    assert found_in(with_spike(DECAY + 0.02 * NOISE, 1_000, 1.5, length=1_000)) == [1_000]


def test_a_divergence_is_told_where_it_leaves_the_usual_values() -> None:
    curve = DECAY + 0.02 * NOISE
    curve[1_500:] += 1.1 ** np.arange(500)
    assert len(found_in(curve)) == 1 and 1_500 <= found_in(curve)[0] < 1_510


def test_a_flat_curve_has_spikes_of_five_percent() -> None:
    assert found_in(with_spike(np.full(300, 1.0), 200, 0.051)) == [200]
    assert found_in(with_spike(np.full(300, 1.0), 200, 0.049)) == []


def test_values_that_are_not_finite_are_no_spikes_and_hide_none() -> None:
    curve = with_spike(DECAY + 0.02 * NOISE, 905, 3.0)
    curve[890:900], curve[1_200] = np.nan, np.inf
    assert found_in(curve) == [905]


def test_scale_and_offset_of_a_decaying_curve_do_not_matter() -> None:
    curve = with_spike(DECAY + 0.02 * NOISE, 905, 3.0)
    assert found_in(1e-9 * curve) == found_in(1e9 * curve) == found_in(-curve) == [905]


def test_short_curves_have_none() -> None:
    assert found_in(np.array([])) == [] and found_in(np.array([1.0] * 9 + [100.0])) == []


def test_huge_values_do_no_harm() -> None:
    curve = DECAY.copy()
    curve[1_000:] = np.finfo(float).max
    assert found_in(curve) == [1_000]


def test_of_values_that_are_not_finite_the_first_of_each_row_counts() -> None:
    assert not_finite(np.array([3, 4, 9]), np.array([5, 20])).tolist() == [3, 9, 20]
    assert not_finite(np.array([], int), np.array([], int)).tolist() == []
