"""Smoothing is a time weighted average: the x distance counts, not how many points there are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import WEIGHTS, ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.ui.span import row_text

VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=2, max_size=120)


def by_definition(steps: list[float], values: list[float], amount: float) -> list[float]:
    """W&B's time weighted EMA, point by point: weights fall off in thousandths of the x range."""
    weight, span = min(math.sqrt(amount), 0.999), steps[-1] - steps[0]
    total = debias = 0.0
    before, smooth = steps[0], []
    for step, value in zip(steps, values, strict=True):
        if math.isnan(value):
            smooth.append(value)
            continue
        left = weight ** ((step - before) / span * 1000)
        total, debias, before = total * left + value, debias * left + 1, step
        smooth.append(total / debias)
    return smooth


def series(values: list[float], every: int = 1, key: str = "one") -> CurveSeries:
    made = CurveSeries(key, key, ChartCurve())
    made.curve.extend([every * index for index in range(len(values))], values)
    return made


@settings(deadline=None, max_examples=60)
@given(VALUES, st.sampled_from(WEIGHTS[1:]), st.integers(1, 50))
def test_with_a_column_for_each_point_it_is_the_definition(
    values: list[float], amount: float, every: int
) -> None:
    one = series(values, every)
    visible = (0.0, every * (len(values) - 1.0))
    where, smooth = one.curve.smoothed("step", visible, len(values), amount)
    assert where.tolist() == pytest.approx(one.curve.steps.tolist())
    expected = by_definition(one.curve.steps.tolist(), values, amount)
    np.testing.assert_allclose(smooth, expected, rtol=1e-7, atol=1e-5)


def test_runs_that_log_every_step_or_every_tenth_are_smoothed_alike() -> None:
    ramp = [index / 10_000 for index in range(10_001)]
    often, rarely = series(ramp), series(ramp[::10], every=10)
    visible = (0.0, 10_000.0)
    ends = [one.curve.smoothed("step", visible, 160, 0.99)[1][-1] for one in (often, rarely)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-3)


def test_a_curve_that_is_seen_in_part_is_smoothed_from_before_the_edge_and_leads_out_of_sight() -> None:
    one = series([0.0] * 500 + [1.0] * 501)
    where, smooth = one.curve.smoothed("step", (500, 600), 50, 0.9)
    assert where[0] < 500 and where[-1] > 600
    assert smooth[np.searchsorted(where, 500)] < 0.5 < smooth[-1]


def test_a_constant_stays_what_it_is_from_the_first_point_on() -> None:
    np.testing.assert_allclose(series([3.5] * 5000).curve.smoothed("step", (0, 4999), 200, 0.99)[1], 3.5)


@pytest.mark.parametrize("flat", [1.0, 0.5, 0.1, 1 / 3])
@pytest.mark.parametrize("symbols", ["braille", "block", "ascii"])
def test_a_flat_metric_is_a_flat_line_with_and_without_smoothing(flat: float, symbols: str) -> None:
    for smoothing in (0.0, 0.7, 0.999):
        scene = Scene(ChartView(smoothing=smoothing), (series([flat] * 650),), symbols=symbols)  # type: ignore[arg-type]
        body = [
            row
            for row in picture(scene, 80, 24)[1:]
            if any(s.style_name in ("series-0", "faint-0") for s in row)
        ]
        dots = {span.text[:1] for row in body for span in row if span.style_name in ("series-0", "faint-0")}
        assert len(body) == 1 and len(dots) == 1


def test_a_stretch_of_nan_stays_a_gap() -> None:
    one = series([1.0] * 400 + [math.nan] * 200 + [1.0] * 400)
    where, smooth = one.curve.smoothed("step", (0, 999), 100, 0.9)
    assert np.isnan(smooth[(where > 405) & (where < 595)]).all()
    assert np.isfinite(smooth[(where < 395) | (where > 605)]).all()


def test_a_curve_with_fewer_points_than_dot_columns_is_drawn_as_it_was_logged_and_called_raw() -> None:
    few, many = series([0.5, 0.9, 0.6, 0.8]), series([0.5, 0.7] * 500, key="many")
    smoothed, as_logged = (
        picture(Scene(ChartView(smoothing=amount), (few,)), 80, 24) for amount in (0.99, 0.0)
    )
    assert smoothed[1:] == as_logged[1:]
    head = "\n".join(map(row_text, picture(Scene(ChartView(smoothing=0.9), (few, many)), 80, 24)[:2]))
    assert "smoothing 0.9" in head and "one 0.8     raw" in head and "many 0.7     ~0.6" in head


def test_a_smoothed_curve_is_a_thin_line_over_the_band_of_its_values() -> None:
    noisy = series([0.0, 1.0] * 3000)
    rows = picture(Scene(ChartView(smoothing=0.99), (noisy,)), 80, 24)
    thick = [
        sum(any(s.style_name == style_name for s in row) for row in rows[1:])
        for style_name in ("series-0", "faint-0")
    ]
    assert thick[0] <= 2 < thick[1]
