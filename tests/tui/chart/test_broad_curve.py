"""Training that is an area of noise is dim, so that the validation over it is seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.ui.curve_colours import style_name_of

FAINT, PLAIN = style_name_of(0, faint=True), style_name_of(0)


def curve(values: NDArray[np.float64]) -> ChartCurve:
    made = ChartCurve()
    made.extend(np.arange(len(values)) * 4000 // len(values), values)
    return made


def styles(noise: float, *, validation: bool) -> set[str]:
    draw = np.random.default_rng(1)
    falling = np.exp(-np.arange(4000) / 900)
    series = [CurveSeries("a", "a", curve(falling + noise * draw.random(4000)))]
    if validation:
        series.append(CurveSeries("a", "a", curve(falling[::100] + noise / 3), part="val"))
    rows = picture(Scene(ChartView("loss"), tuple(series)), 78, 14)
    return {span.style_name for row in rows[1:] for span in row if any(sign > "⠀" for sign in span.text)}


def test_noisy_training_is_dim_behind_its_validation_and_plain_without_one() -> None:
    assert FAINT in styles(0.5, validation=True)
    assert PLAIN in styles(0.5, validation=True)
    assert FAINT not in styles(0.5, validation=False)
    assert FAINT not in styles(0.001, validation=True)
