"""The y axis holds the data on even, round ticks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chart import plot_area
from tui.chart.scale import YScale, linear_scale, log_scale

ANY = st.floats(-1e30, 1e30)
POSITIVE = st.floats(1e-30, 1e30)


def rows_of(scale: YScale, *values: float) -> list[float]:
    rows: list[float] = plot_area.rows_of(scale, np.array(values), 4).tolist()
    return rows


@settings(deadline=None)
@given(ANY, ANY, st.integers(1, 60))
def test_a_linear_scale_holds_both_ends(one: float, other: float, rows: int) -> None:
    low, high = min(one, other), max(one, other)
    scale = linear_scale(low, high, rows)
    bottom, top = rows_of(scale, low, high)
    assert -0.51 <= top <= bottom <= rows * 4 - 0.49
    gaps = np.diff([row for row, _ in scale.labels])
    assert len(set(gaps.tolist())) <= 1


@settings(deadline=None)
@given(POSITIVE, POSITIVE, st.integers(1, 60))
def test_a_log_scale_holds_both_ends(one: float, other: float, rows: int) -> None:
    low, high = min(one, other), max(one, other)
    scale = log_scale(low, high, rows)
    bottom, top = rows_of(scale, low, high)
    assert -0.51 <= top <= bottom <= rows * 4 - 0.49
    assert scale.labels
    assert all(0 <= row < rows for row, _ in scale.labels)


@settings(deadline=None)
@given(ANY, ANY, st.integers(4, 60))
def test_labels_differ_and_are_short(one: float, other: float, rows: int) -> None:
    labels = [label for _, label in linear_scale(min(one, other), max(one, other), rows).labels]
    assert 1 <= len(labels) == len(set(labels))
    assert max(map(len, labels)) <= 13


def test_a_tick_stands_on_the_row_of_its_value() -> None:
    scale = linear_scale(0.03, 2.4, 20)
    for row, label in scale.labels:
        assert rows_of(scale, float(label))[0] == pytest.approx(4 * row + 1.5)


def test_decades_are_labelled_on_their_rows() -> None:
    scale = log_scale(1e-5, 1.0, 21)
    assert [label for _, label in scale.labels] == ["1", "0.1", "0.01", "0.001", "1e-4", "1e-5"]
    for row, label in scale.labels:
        assert rows_of(scale, float(label))[0] == pytest.approx(4 * row + 1.5)


def test_equal_values_get_a_scale_around_them() -> None:
    for value in (0.0, 0.5, -3.0, 1e30, 1e-30, 1e300, 5e-324):
        row = rows_of(linear_scale(value, value, 10), value)[0]
        assert 0 <= row <= 39
    assert 0 <= rows_of(log_scale(0.5, 0.5, 10), 0.5)[0] <= 39


def test_the_whole_range_of_floats_is_held() -> None:
    assert linear_scale(-1.7e308, 1.7e308, 10).labels
    scale = log_scale(5e-324, 1.7e308, 4)
    assert all(math.isfinite(row) for row in rows_of(scale, 5e-324, 1.7e308))


@pytest.mark.parametrize("rows", [5, 10, 30])
@pytest.mark.parametrize("ends", [(1.6e308, 1.7e308), (1.79e308, 1.79e308), (-1.7e308, 0.0)])
def test_the_largest_floats_stand_on_a_linear_axis(ends: tuple[float, float], rows: int) -> None:
    places = rows_of(linear_scale(*ends, rows), *ends)
    assert all(0 <= place < 4 * rows for place in places)


def test_the_labels_of_the_largest_floats_are_their_values() -> None:
    for make in (linear_scale, log_scale):
        numbers = [float(label) for _, label in make(1.6e308, 1.7e308, 10).labels]
        assert all(1.59e308 < number < 1.71e308 for number in numbers) and len(numbers) > 1


@pytest.mark.parametrize("rows", [9, 18, 26, 35, 50])
def test_a_log_scale_of_many_decades_leaves_little_height_empty(rows: int) -> None:
    scale = log_scale(9e-10, 2.3, rows)
    assert (scale.rows - 1) * scale.per_row < 1.25 * 9.5
    assert len(scale.labels) > 1


@pytest.mark.parametrize("rows", [5, 8, 12, 20, 40])
@pytest.mark.parametrize("low", [0.1, 0.5, 0.88, 0.975, 0.999])
@pytest.mark.parametrize("high", [0.9995, 1.0])
def test_an_axis_of_shares_ends_at_one(low: float, high: float, rows: int) -> None:
    scale = linear_scale(low, high, rows, 1.0)
    assert scale.bottom + (rows - 1) * scale.per_row <= 1 + 1e-9
    places = plot_area.rows_of(scale, np.array([low, high]), 1)
    assert -0.5 <= places[1] <= places[0] <= rows - 0.5


@pytest.mark.parametrize("value", [0.9909, 1.0, 0.02])
def test_one_value_alone_does_not_pass_the_ceiling_of_its_metric(value: float) -> None:
    scale = linear_scale(value, value, 12, ceiling=1.0)
    assert scale.bottom + (scale.rows - 1) * scale.per_row <= 1.0 + 1e-9


def test_a_ceiling_that_the_data_pass_is_none() -> None:
    assert linear_scale(0.2, 7.5, 12, 1.0) == linear_scale(0.2, 7.5, 12)
