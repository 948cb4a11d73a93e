"""ASHA and the median rule against independent brute-force versions."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service.sweeps import pruner
from engine.sweep_protocol import Prune

VALUES = st.lists(st.integers(0, 12).map(float), min_size=1, max_size=40)


@given(VALUES, st.integers(2, 5), st.booleans())
def test_asha_keeps_a_trial_among_the_best_of_those_so_far(
    values: list[float], eta: int, largest: bool
) -> None:
    prune = Prune("asha", eta)
    for place, value in enumerate(values):
        so_far = sorted(values[: place + 1], reverse=largest)
        quota = max(1, (place + 1) // eta)
        survivors = so_far[:quota]
        assert pruner.keeps(prune, value, values[:place], largest) == (value in survivors)


@given(VALUES, st.integers(1, 6), st.booleans())
def test_the_median_rule_keeps_the_better_half_after_startup(
    values: list[float], startup: int, largest: bool
) -> None:
    prune = Prune("median", startup=startup)
    for place, value in enumerate(values):
        before = values[:place]
        if len(before) < startup:
            expected = True
        else:
            worse = value < statistics.median(before) if largest else value > statistics.median(before)
            expected = not worse
        assert pruner.keeps(prune, value, before, largest) == expected


@pytest.mark.parametrize("kind", ["asha", "median"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_pruned(kind: str, value: float) -> None:
    assert not pruner.keeps(Prune(kind), value, [], largest=False)


def test_rungs_lie_at_powers_of_eta_or_evenly() -> None:
    assert pruner.rung_steps(Prune("asha", 3, 3), 2700) == {0: 100, 1: 300, 2: 900}
    assert pruner.rung_steps(Prune("median", rungs=3), 100) == {0: 25, 1: 50, 2: 75}
    assert pruner.rung_steps(Prune(), 100) == {}


def test_a_short_trial_has_fewer_rungs_under_the_same_numbers() -> None:
    assert pruner.rung_steps(Prune("asha", 3, 3), 6) == {1: 1, 2: 2}
    assert pruner.rung_steps(Prune("asha", 3, 3), 1) == {}


def test_the_reason_names_the_step_the_value_and_the_rank() -> None:
    text = pruner.reason(Prune("asha", 3), 0.41, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 120)
    assert text == "asha at step 120: 0.41 is not among the best 2 of 7"
