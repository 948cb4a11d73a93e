"""The mean of a group of curves: its x, its band, how many runs count where, and what is drawn of it."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.group_curve import GroupCurve
from tui.ui.span import row_text

NAN, INF = math.nan, math.inf


def curve(points: dict[float, float]) -> ChartCurve:
    made = ChartCurve()
    made.extend(list(points), list(points.values()), list(points))
    return made


def group(*members: dict[float, float]) -> GroupCurve:
    return GroupCurve([curve(points) for points in members])


def means(of: GroupCurve, low: float = -1e9, high: float = 1e9) -> dict[float, tuple[float, int]]:
    """Mean and number of runs by x."""
    drawn = of.drawn("step", (low, high), 200)
    return dict(
        zip(
            drawn.steps.tolist(),
            zip(drawn.values.tolist(), drawn.counts.tolist(), strict=True),
            strict=True,
        )
    )


def text(scene: Scene, width: int = 60, height: int = 14) -> str:
    return "\n".join(map(row_text, picture(scene, width, height)))


def scene_of(*curves: GroupCurve, **view: object) -> Scene:
    series = tuple(CurveSeries(f"g{at}", f"g{at}", one, at) for at, one in enumerate(curves))
    return Scene(ChartView("loss", **view), series)  # type: ignore[arg-type]


def test_the_mean_is_on_the_union_of_x_and_a_run_counts_between_its_points() -> None:
    found = means(group({0: 1.0, 10: 3.0}, {0: 3.0, 5: 6.0, 20: 9.0}))
    assert found == {0: (2, 2), 5: (4, 2), 10: (5, 2), 20: (9, 1)}, "at 10 the second is on the way to 9"


def test_runs_without_a_common_x_are_joined_where_they_overlap() -> None:
    assert means(group({0: 1.0, 1: 1.0}, {5: 3.0, 6: 3.0})) == {0: (1, 1), 1: (1, 1), 5: (3, 1), 6: (3, 1)}


def test_a_run_does_not_count_at_its_nan_nor_beside_it() -> None:
    found = means(group({0: 1.0, 1: NAN, 2: 1.0, 3: 1.0}, {0: 3.0, 0.5: 3.0, 1: 3.0, 2: 3.0, 3: INF}))
    assert found == {0: (2, 2), 0.5: (3, 1), 1: (3, 1), 2: (2, 2), 3: (1, 1)}
    lost = group({0: NAN, 1: NAN}, {0: INF})
    assert all(math.isnan(mean) and not count for mean, count in means(lost).values())
    assert "no finite value" in text(scene_of(lost))


def test_the_values_at_the_crosshair_are_those_of_all_runs_there() -> None:
    of = group({0: 1.0, 10: 3.0}, {0: 3.0, 5: 6.0, 20: 9.0}, {0: 8.0})
    at = of.at(0, "step")
    assert (at.mean, at.count) == (4, 3) and at.spread == pytest.approx(statistics.stdev((1, 3, 8)))
    assert of.note(0, "step") == "±3.6 n 3" and of.note(20, "step") == "n 1"
    assert of.near(2.5, "step") is not None and of.near(21, "step") is None
    assert of.last() is not None and of.last().value == pytest.approx((3 + 9 + 8) / 3)  # type: ignore[union-attr]


@given(
    st.lists(
        st.dictionaries(st.integers(0, 40), st.floats(-9, 9, width=32), min_size=1), min_size=1, max_size=4
    )
)
def test_the_band_is_from_the_least_to_the_largest_value_or_the_standard_error(
    members: list[dict[int, float]],
) -> None:
    drawn = group(*({float(x): one[x] for x in sorted(one)} for one in members)).drawn("step", (-1, 41), 100)
    values = np.array(
        [np.interp(drawn.steps, xs := sorted(one), [one[x] for x in xs], NAN, NAN) for one in members]
    )
    for at, count in enumerate(drawn.counts):
        there = values[:, at][~np.isnan(values[:, at])].tolist()
        assert count == len(there) and drawn.values[at] == pytest.approx(statistics.fmean(there))
        if count < 2:
            assert math.isnan(drawn.lows[at]) and math.isnan(drawn.errors[at])
        else:
            assert (drawn.lows[at], drawn.highs[at]) == pytest.approx((min(there), max(there)))
            assert drawn.errors[at] == pytest.approx(statistics.stdev(there) / math.sqrt(count), abs=1e-9)


def test_a_column_of_many_points_has_their_means_and_their_extremes() -> None:
    steps = np.arange(100_000.0)
    members = []
    for seed in range(3):
        made = ChartCurve()
        made.extend(steps, np.random.default_rng(seed).normal(seed, 1, len(steps)), steps)
        members.append(made)
    drawn = GroupCurve(members).drawn("step", (0, 99_999), 100)
    assert len(drawn) == 100 and set(drawn.counts) == {3}
    assert np.allclose(drawn.values, 1, atol=0.1) and np.all(drawn.lows < -2) and np.all(drawn.highs > 4)
    zoomed = GroupCurve(members).drawn("step", (50_000.5, 50_010.5), 100)
    assert zoomed.steps.tolist() == [*range(50_000, 50_012)], "each point, and one more on either side"


def test_a_short_run_beside_a_long_one_counts_as_far_as_it_goes() -> None:
    long, short = ChartCurve(), ChartCurve()
    long.extend(np.arange(50_000.0), np.ones(50_000), np.arange(50_000.0))
    short.extend([0.0, 25_000.0], [3.0, 3.0], [0.0, 1.0])
    drawn = GroupCurve([long, short]).drawn("step", (0, 49_999), 100)
    assert drawn.counts[:50].tolist() == [2] * 50 and drawn.counts[51:].tolist() == [1] * 49
    assert drawn.changes() == [(0.0, 2), (pytest.approx(25_000, rel=0.04), 1)]


def test_the_number_of_runs_is_on_the_axis_where_it_changes() -> None:
    shown = text(scene_of(group({0: 1.0, 50: 1.0, 100: 1.0}, {0: 2.0, 50: 2.0})))
    axis = shown.splitlines()[-2]
    assert "└n2" in axis and "n1" in axis
    assert "n2" not in text(scene_of(group({0: 1.0})))


def test_the_band_is_a_texture_beside_the_line_in_braille_blocks_and_ascii() -> None:
    of = group(*({0.0: low, 100.0: low} for low in (0.0, 1.0, 5.0)))
    for symbols, sign in (("braille", "⢕"), ("block", "▚"), ("ascii", ":")):
        scene = Scene(scene_of(of).view, scene_of(of).series, symbols=symbols)  # type: ignore[arg-type]
        assert sign in text(scene)
        assert sign not in text(Scene(ChartView("loss", band="none"), scene.series, symbols=symbols))  # type: ignore[arg-type]


def test_a_group_of_one_has_a_line_and_no_band() -> None:
    drawn = group({0: 1.0, 5: 2.0}).drawn("step", (0, 5), 50)
    assert drawn.band("range", log=False) is None and drawn.values.tolist() == [1, 2]


def test_on_a_log_axis_the_band_ends_below_where_a_value_is_not_positive() -> None:
    drawn = group({0: 1.0, 5: 4.0}, {0: -1.0, 5: 2.0}, {0: 9.0, 5: 3.0}).drawn("step", (0, 5), 50)
    low, high = drawn.band("range", log=True) or (None, None)
    assert low is not None and high is not None and low.values[0] > 0 and low.values[1] == 2
    assert "log" in text(scene_of(GroupCurve([curve({0: 1.0, 5: 4.0}), curve({0: -1.0, 5: 2.0})]), log=True))


def test_the_crosshair_steps_over_the_x_of_all_runs() -> None:
    of = group({0: 1.0, 10: 1.0}, {4: 1.0, 20: 1.0})
    assert of.beyond(0, "step", 1.0) == 4 and of.beyond(4, "step", 1.0) == 10
    assert of.beyond(10, "step", -1.0) == 4 and of.nearest_position(11.0, "step") == 10
    assert of.span("step") == (0, 20)


def test_points_that_come_later_are_drawn() -> None:
    first = curve({0: 1.0})
    of = GroupCurve([first, curve({0: 3.0, 1: 3.0})])
    assert means(of) == {0: (2, 2), 1: (3, 1)}
    first.extend([1.0], [1.0], [1.0])
    assert means(of) == {0: (2, 2), 1: (2, 2)}
