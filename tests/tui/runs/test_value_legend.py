"""The legend beside the charts of a grid."""

from __future__ import annotations

import math

from tui.chart.chart_rows import CurveSeries, Scene
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.group_curve import GroupCurve
from tui.runs.value_legend import legend_rows
from tui.ui.span import row_text, row_width


def curve(key: str, values: list[float], hue: int = 0) -> CurveSeries:
    made = ChartCurve()
    made.extend(list(range(len(values))), values, [float(step) for step in range(len(values))])
    return CurveSeries(key, f"run {key}", made, hue)


SERIES = (
    curve("a", [0.5, 0.25]),
    curve("b", [0.75, 1.5], 1),
    curve("c", [math.nan, 0.5], 2),
    curve("d", [0.1], 3),
)


def lines(scene: Scene, width: int) -> list[str]:
    rows = legend_rows(scene, width)
    assert [row_width(row) for row in rows] == [width] * len(rows)
    return [row_text(row) for row in rows]


def test_the_highest_value_at_the_crosshair_is_the_first() -> None:
    found = lines(Scene(ChartView("loss", crosshair=1.0), SERIES), 30)
    assert "loss" in found[0] and "step 1" in found[0]
    assert [line.split()[2] for line in found[1:]] == ["b", "c", "a", "d"]
    assert [line.split()[-1] for line in found[1:]] == ["1.5", "0.5", "0.25", "-"]


def test_what_is_no_number_comes_behind_the_numbers() -> None:
    found = lines(Scene(ChartView("loss", crosshair=0.0), SERIES), 30)
    assert [line.split()[-1] for line in found[1:]] == ["0.75", "0.5", "0.1", "nan"]


def test_the_difference_to_the_baseline_is_beside_the_value_or_below_it() -> None:
    scene = Scene(ChartView("loss", crosshair=1.0), SERIES[:2], baseline="a")
    wide, narrow = lines(scene, 40), lines(scene, 24)
    assert wide[1].split()[-2:] == ["1.5", "+1.25"] and wide[2].split()[-1] == "baseline"
    assert len(narrow) == 5 and narrow[2].strip() == "+1.25"


def test_a_label_that_is_cut_keeps_the_seed_that_tells_it_from_others() -> None:
    series = tuple(
        CurveSeries(str(seed), f"{name} seed={seed}", SERIES[0].curve)
        for seed, name in ((4, "seed 4"), (12, "a long name of a run"))
    )
    found = lines(Scene(ChartView("loss"), series), 24)
    assert [line.split()[-2] for line in found[1:]] == ["seed=4", "seed=12"]
    assert all("…" in line for line in found[1:])
    narrow = lines(Scene(ChartView("loss"), series), 16)
    assert all("…" in line for line in narrow[1:]), "without room for both it is cut as any"


def test_without_a_crosshair_the_last_values_are_named() -> None:
    found = lines(Scene(ChartView("loss"), SERIES), 30)
    assert found[0].split()[-1] == "last" and "step" not in found[0]


def test_below_the_mean_of_a_group_are_its_deviation_and_the_number_of_runs_there() -> None:
    mean = GroupCurve([one.curve for one in SERIES[:2]])
    series = (CurveSeries("g", "group", mean), SERIES[3])
    found = lines(Scene(ChartView("loss", crosshair=1.0), series), 30)
    assert found[1].split()[1:] == ["group", "0.875"] and found[2].split() == ["±0.88", "n", "2"]
    assert len(found) == 4, "a run has one line"
