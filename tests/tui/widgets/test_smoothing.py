"""The moving average equals its definition, however the values arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.widgets.chart_view import WEIGHTS
from tui.widgets.smoothing import Smoother

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=300)


def by_definition(values: list[float], weight: float) -> list[float]:
    average, count, smooth = 0.0, 0, []
    for value in values:
        if math.isnan(value):
            smooth.append(value)
            continue
        average, count = weight * average + (1 - weight) * value, count + 1
        smooth.append(average / (1 - weight**count))
    return smooth


@settings(deadline=None, max_examples=60)
@given(VALUES, st.sampled_from([*WEIGHTS, 0.001, 0.3, 0.9999]), st.integers(0, 300))
def test_chunks_give_what_the_definition_gives(values: list[float], weight: float, cut: int) -> None:
    smoother = Smoother(weight)
    array = np.array(values, np.float64)
    smooth = np.concatenate((smoother.feed(array[:cut]), smoother.feed(array[cut:])))
    np.testing.assert_allclose(smooth, by_definition(values, weight), rtol=1e-7, atol=1e-5)


def test_a_constant_stays_what_it_is_from_the_first_point_on() -> None:
    np.testing.assert_allclose(Smoother(0.99).feed(np.full(5000, 3.5)), 3.5)


def test_a_weight_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="got 1"):
        Smoother(1.0)
