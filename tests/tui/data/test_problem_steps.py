"""The next NaN or spike of a run, in either direction."""

from __future__ import annotations

import math

from tui.chart.curve_arrays import ChartCurve
from tui.data.problem_steps import ProblemStep, ProblemSteps, next_problem


def curve_of(values: list[float], first: int = 1) -> ChartCurve:
    curve = ChartCurve()
    curve.extend(range(first, first + len(values)), values)
    return curve


SERIES = {
    "loss": curve_of([1.0, math.nan, math.nan, 1.0, math.inf]),
    "grad": curve_of([math.nan, math.nan, 1.0, 1.0, 1.0]),
}


async def test_every_metric_counts_for_nan_and_the_charted_one_names_the_step() -> None:
    found = await ProblemSteps().find("nan", SERIES, ("loss",))
    assert found == [ProblemStep(1, "grad"), ProblemStep(2, "loss"), ProblemStep(5, "loss")]


async def test_spikes_are_those_of_the_charted_metric_and_found_anew_when_it_grows() -> None:
    spiky = curve_of([1.0] * 60 + [9.0] + [1.0] * 60)
    problems = ProblemSteps()
    series = {"loss": spiky, "other": curve_of([1.0] * 60 + [9.0])}
    assert await problems.find("spike", series, ("loss", "gone")) == [ProblemStep(61, "loss")]
    spiky.extend([122], [7.0])
    assert [one.step for one in await problems.find("spike", series, ("loss",))] == [61, 122]


def test_behind_the_last_one_comes_the_first() -> None:
    found = [ProblemStep(step, "loss") for step in (10, 20, 30)]
    assert next_problem(found, None, 1) == (found[0], 1) and next_problem(found, None, -1) == (found[2], 3)
    assert next_problem(found, 10, 1) == (found[1], 2) and next_problem(found, 10, -1) == (found[2], 3)
    assert next_problem(found, 25, 1) == (found[2], 3) and next_problem(found, 25, -1) == (found[1], 2)
    assert next_problem(found, 30, 1) == (found[0], 1)
    assert next_problem([], 3, 1) is None


async def test_what_was_not_measured_of_the_machine_is_no_problem() -> None:
    series = {"loss": curve_of([1.0]), "system/gpu.0.gpu": curve_of([30.0, math.nan])}
    assert await ProblemSteps().find("nan", series, ("system/gpu.0.gpu",)) == []
