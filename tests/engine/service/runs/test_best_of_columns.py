"""The best value of a metric in columns, against a plain loop over its points."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metric_goal import MetricGoal
from engine.service.runs.best_of_columns import KEPT, BestOfColumns

VALUES = st.one_of(st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0]), st.floats(-9, 9))


def plain_best(points: dict[int, float], largest: bool) -> tuple[int, float] | None:
    found: tuple[int, float] | None = None
    for step, value in sorted(points.items()):
        if math.isnan(value) or math.isinf(value):
            continue
        if found is None or (value > found[1] if largest else value < found[1]):
            found = step, value
    return found


@given(st.lists(st.tuples(st.integers(0, 30), st.lists(VALUES, max_size=20)), max_size=6), st.booleans())
def test_the_best_is_that_of_a_plain_loop_also_where_points_are_replaced(
    columns: list[tuple[int, list[float]]], largest: bool
) -> None:
    best = BestOfColumns(MetricGoal("loss", largest))
    points: dict[int, float] = {}
    for first, values in columns:
        steps = range(first, first + len(values))
        if values:
            points = {step: value for step, value in points.items() if step < first}
        points |= dict(zip(steps, values, strict=True))
        best.add(array("q", steps), array("d", values))
        expected = plain_best(points, largest)
        assert (best.best and (best.best.step, best.best.value)) == expected


@pytest.mark.parametrize("count,kept", [(KEPT, True), (KEPT + 1, False), (3 * KEPT, False)])
def test_more_improvements_than_are_kept_leave_the_best_known_until_all_are_replaced(
    count: int, kept: bool
) -> None:
    best = BestOfColumns(MetricGoal("loss", False))
    best.add(array("q", range(count)), array("d", (1 / (step + 1) for step in range(count))))
    assert best.best is not None and best.best.step == count - 1
    best.cut(count - KEPT + 1)
    assert best.best is not None and best.best.step == count - KEPT
    best.cut(count - KEPT)
    assert best.is_known is kept
