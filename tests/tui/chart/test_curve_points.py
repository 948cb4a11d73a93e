"""A curve grows, is cut back, and finds its points."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from tui.chart.curve_arrays import ChartCurve


def curve(steps: list[float], values: list[float], times: list[float] | None = None) -> ChartCurve:
    made = ChartCurve()
    made.extend(steps, values, times)
    return made


def test_points_come_back_as_they_were_logged() -> None:
    one = curve([1, 2, 3], [0.5, math.nan, 0.25], [100.0, 101.5, 104.0])
    last = one.last()
    assert last is not None
    assert (len(one), last.step, last.time, last.value) == (3, 3.0, 4.0, 0.25)
    assert (one.span("step"), one.span("time")) == ((1.0, 3.0), (0.0, 4.0))


def test_eviction_forgets_later_points_in_every_form() -> None:
    one = curve(list(range(1, 101)), [1.0 / step for step in range(1, 101)])
    one.blocks(True)
    one.evict_after(40)
    one.extend([41, 42], [math.inf, 7.0])
    fresh = curve([*range(1, 41), 41, 42], [*(1.0 / step for step in range(1, 41)), math.inf, 7.0])
    assert len(one) == 42
    for log in (False, True):
        np.testing.assert_allclose(one.blocks(log).values, fresh.blocks(log).values)
    assert one.infinite.tolist() == [40]


def test_steps_that_go_back_replace_what_came_after_them() -> None:
    one = curve([1, 2, 3, 4], [1, 2, 3, 4])
    one.extend([3, 4, 5], [30, 40, 50])
    assert one.steps.tolist() == [1, 2, 3, 4, 5]
    assert one.values.tolist() == [1, 2, 30, 40, 50]


def test_time_never_runs_backwards_when_the_clock_does() -> None:
    one = curve([1, 2, 3, 4], [1, 1, 1, 1], [50.0, 60.0, 20.0, 70.0])
    assert one.seconds.tolist() == [0, 10, 10, 20]


def test_infinities_and_on_a_log_axis_nothing_positive_are_gaps() -> None:
    one = curve([1, 2, 3, 4], [math.inf, -1.0, 0.0, 2.0])
    assert np.isnan(one.blocks(False).values).tolist() == [True, False, False, False]
    assert np.isnan(one.blocks(True).values).tolist() == [True, True, True, False]


def test_the_nearest_point_is_found_on_either_axis() -> None:
    one = curve([10, 20, 40], [1, 2, 3], [0, 5, 9])
    near = [one.near(position, "step") for position in (10, 14, 16, 29, 31, 40)]
    assert [point.step if point else None for point in near] == [10, 10, 20, 20, 40, 40]
    assert one.near(9.5, "time") is None
    assert (one.translated(30, "step", "time"), one.translated(7, "time", "step")) == (7.0, 30.0)


def test_the_crosshair_always_lands_on_another_point_until_the_end() -> None:
    one = curve([10, 20, 40], [1, 2, 3])
    assert [one.beyond(10, "step", 1), one.beyond(20, "step", 1), one.beyond(40, "step", 1)] == [20, 40, 40]
    assert [one.beyond(40, "step", -1), one.beyond(10, "step", -5), one.beyond(10, "step", 31)] == [
        20,
        10,
        40,
    ]


def test_unequal_columns_are_refused_with_their_sizes() -> None:
    with pytest.raises(ValueError, match="2 steps, 1 values, 2 times"):
        curve([1, 2], [1])


def test_a_chart_without_points_needs_no_numpy() -> None:
    code = (
        "import sys; from tui.chart.chart import Chart; from tui.chart.chart_rows import Scene;"
        "from tui.chart.chart_rows import picture; rows = picture(Scene(lacking=('a',)), 80, 24);"
        "print(len(rows), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "24 False\n"


def test_points_that_wait_are_the_same_curve_as_those_added_at_once() -> None:
    chunks = [
        ([1, 2], [0.5, "nan"], [1.0, 2.0]),
        ([3], [0.25], [3.0]),
        ([2], [0.75], [4.0]),
        ([5, 6], [1, 2], [5.0, 6.0]),
    ]
    waiting, direct = ChartCurve(), ChartCurve()
    for steps, values, times in chunks:
        waiting.extend(steps, values, times)
        assert waiting.last_step == max(steps)
        direct.extend(np.array(steps), np.array(values, float), np.array(times))
    version = waiting.version
    assert waiting.steps.tolist() == direct.steps.tolist() == [1, 2, 5, 6]
    assert waiting.values.tolist() == direct.values.tolist()
    assert waiting.seconds.tolist() == direct.seconds.tolist()
    assert waiting.version == version
    waiting.extend([7], [3.0], [7.0])
    waiting.evict_after(5)
    assert waiting.steps.tolist() == [1, 2, 5] and waiting.last_step == 5
