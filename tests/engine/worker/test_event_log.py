"""Metrics keep every early point and, later, the extremes of every bucket."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.worker import event_log
from engine.worker.event_log import Metrics, MetricSeries, Points, bucket_end, columns, width_at

VALUES = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])


def written(values: list[float], takes: set[int], start: int = 0) -> tuple[Points, list[int]]:
    """The points written when the buffer is emptied after the steps in `takes`."""
    series, points = MetricSeries(start), []
    for step, value in enumerate(values):
        series.add(step, value)
        if step in takes:
            points += series.pop(include_bucket=True)
    return points + series.pop(include_bucket=True), []


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=300), st.sets(st.integers(0, 299), max_size=4))
def test_in_every_bucket_the_extremes_and_a_nan_are_kept(values: list[float], takes: set[int]) -> None:
    start = event_log.EXACT + 700 * event_log.BUCKETS_PER_WIDTH  # where a bucket is wide
    width = width_at(start)
    points, _ = written(values, takes, start)
    kept = dict(points)
    assert [step for step, _ in points] == sorted(kept)
    assert all(same(values[step], value) for step, value in points)
    begin = 0
    while begin < len(values):
        end = min([begin + width, len(values), *(t + 1 for t in takes if t >= begin)])
        bucket = values[begin:end]
        found = [kept[step] for step in range(begin, end) if step in kept]
        numbers = [value for value in bucket if value == value]
        if numbers:
            assert min(numbers) in found and max(numbers) in found
        assert any(value != value for value in bucket) == any(value != value for value in found)
        begin = end
    assert same(points[-1][1], values[-1]), "the last value is always there"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(VALUES, min_size=1, max_size=80), max_size=8),
    st.sampled_from([19_900, 60_000, 3_000_000]),
)
def test_points_that_are_added_at_once_are_kept_as_one_by_one(parts: list[list[float]], start: int) -> None:
    one, many = MetricSeries(start, has_files=False), MetricSeries(start, has_files=False)
    first = 0
    for values in parts:
        steps = range(first, first + 2 * len(values), 2)
        for step, value in zip(steps, values, strict=True):
            one.add(step, value)
        many.extend(steps, values)
        first = steps[-1] + 1
    assert (one.count, one.last_step, one.width) == (many.count, many.last_step, many.width)
    assert str(one.pop(include_bucket=True)) == str(many.pop(include_bucket=True))


def test_a_run_that_ends_where_a_bucket_does_has_its_last_point() -> None:
    """Buckets of four points begin after 50,000; the last point of the first is no extreme of it."""
    series = MetricSeries()
    for step in range(50_000):
        series.add(step, 0.0)
    for step, value in enumerate((1.0, 3.0, 0.0, 2.0), 50_000):
        series.add(step, value)
    assert series.pop(include_bucket=True)[-1] == (50_003, 2.0)
    assert series.pop_reproducible(is_end=True)[-1] == (50_003, 2.0)


def test_all_first_points_are_kept() -> None:
    points, _ = written([float(step % 7) for step in range(event_log.EXACT)], set())
    assert points == [(step, float(step % 7)) for step in range(event_log.EXACT)]


def test_a_bucket_doubles_every_ten_thousand_buckets() -> None:
    whole, per = event_log.EXACT, event_log.BUCKETS_PER_WIDTH
    assert [width_at(n) for n in (0, whole, whole + per - 1, whole + per, whole + 3 * per)] == [1, 1, 1, 2, 4]


def test_a_million_points_are_reduced_and_keep_every_spike() -> None:
    spikes = {123_456: 50.0, 500_001: -50.0, 999_998: 70.0}
    series = MetricSeries()
    points: Points = []
    for step in range(1_000_000):
        series.add(step, spikes.get(step, math.sin(step / 1000)))
        if step % 800 == 799:
            points += series.pop(include_bucket=False)
    points += series.pop(include_bucket=True)
    assert len(points) < 160_000
    assert spikes.items() <= dict(points).items()
    size = len(str(columns({"loss": points})))
    assert size < 15_000_000


def test_a_resumed_series_continues_with_wide_buckets() -> None:
    buffer = Metrics()
    buffer.resume({"loss": 1_000_000}, {})
    for step in range(6_400):
        buffer.add(step, "loss", float(step))
    assert len(buffer.pop(include_bucket=True)["loss"]) <= 2 * 6_400 / 64 + 3
    assert buffer.counts() == {"loss": 1_006_400}


def test_numbers_are_written_with_seven_digits_and_nan_and_infinities_as_text() -> None:
    points = [(1, 0.123456789), (2, math.nan), (3, math.inf), (4, -math.inf), (5, 3.0)]
    assert columns({"loss": points}) == {"loss": [[1, 2, 3, 4, 5], [0.1234568, "nan", "inf", "-inf", 3.0]]}


@given(st.lists(st.integers(1, 4_000), max_size=12), st.integers(1, 70_000))
@settings(max_examples=15)
def test_reproducible_points_depend_only_on_the_values_logged(saves: list[int], count: int) -> None:
    """Not on when a checkpoint was saved or the points were written."""
    quiet, disturbed = Metrics(), Metrics()
    written_points: Points = []
    due = set(accumulate(saves))
    for step in range(1, count + 1):
        value = math.sin(step) if step % 7919 else math.nan
        quiet.add(step, "loss", value)
        disturbed.add(step, "loss", value)
        if step in due:
            disturbed.pop(include_bucket=True)
            written_points += disturbed.pop_reproducible().get("loss", [])
    written_points += disturbed.pop_reproducible(is_end=True).get("loss", [])
    kept = quiet.pop_reproducible(is_end=True)["loss"]
    assert str(written_points) == str(kept)
    steps = [step for step, _ in kept]
    assert steps == sorted(set(steps)) and steps[0] == 1 and steps[-1] == count
    assert steps[:20_000] == list(range(1, min(count, 20_000) + 1))
    numbers = [math.sin(step) for step in range(1, count + 1) if step % 7919]
    assert {min(numbers), max(numbers)} <= {value for _, value in kept}
    assert len(kept) <= 20_000 + 3 * 20_000


@pytest.mark.parametrize(
    ("number", "end"),
    [(20_001, 20_001), (30_000, 30_000), (30_001, 30_002), (30_002, 30_002), (50_001, 50_004)],
)
def test_buckets_end_at_the_same_points_after_a_resume(number: int, end: int) -> None:
    assert bucket_end(number) == end
