"""Numbers as short text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.ui.numbers import clock, short, tick_label, whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0123, "0.0123"),
        (0.00123, "0.00123"),
        (1.5, "1.5"),
        (2.30258, "2.303"),
        (99.416, "99.42"),
        (12345.6, "12346"),
        (1_234_567, "1.23M"),
        (3.2e-7, "3.2e-7"),
        (-0.5, "-0.5"),
        (1e30, "1e30"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_value_has_four_significant_digits(value: float, text: str) -> None:
    assert short(value) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_has_at_most_ten_characters(value: float) -> None:
    assert len(short(value)) <= 10


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.001, 0.001, "0.001"),
        (1500, 500, "1.5k"),
        (2_000_000, 1_000_000, "2M"),
        (0.5, 0.5, "0.5"),
        (1.0, 0.5, "1.0"),
        (2e-5, 1e-5, "2e-5"),
        (100_002, 2, "100002"),
        (-2000, 1000, "-2k"),
        (3e30, 1e30, "3e30"),
    ],
)
def test_a_tick_is_as_precise_as_its_step(value: float, step: float, text: str) -> None:
    assert tick_label(value, step) == text


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [
        (0, 1, "0"),
        (45, 1, "45s"),
        (90, 30, "1:30"),
        (1200, 600, "20m"),
        (5400, 1800, "1h30"),
        (7200, 60, "2h"),
        (7261, 1, "2:01:01"),
        (3 * 86400, 86400, "3d"),
        (0.25, 0.05, "0.25s"),
        (86400 * 5 + 7200, 3600, "5d02h"),
    ],
)
def test_a_duration_is_written_as_on_a_clock(seconds: float, step: float, text: str) -> None:
    assert clock(seconds, step) == text


def test_steps_have_thousands_separators() -> None:
    assert (whole(1234567), whole(0.5)) == ("1,234,567", "0.50")
