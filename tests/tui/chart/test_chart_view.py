"""Zooming, panning, smoothing, and the JSON form of a view."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import to_json
from tui.chart.chart_view import ChartView

NUMBERS = st.floats(-1e12, 1e12)
RANGES = st.tuples(NUMBERS, st.floats(1e-3, 1e9)).map(lambda pair: (pair[0], pair[0] + pair[1]))
VIEWS = st.builds(
    ChartView,
    metric=st.text(max_size=20),
    x=st.none() | RANGES.filter(lambda x: x[0] < x[1]),
    log=st.booleans(),
    axis=st.sampled_from(["step", "time"]),
    smoothing=st.floats(0, 0.999),
    crosshair=st.none() | NUMBERS,
    follow=st.booleans(),
    raw=st.booleans(),
    trimmed=st.booleans(),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(VIEWS)
def test_what_was_saved_is_what_comes_back(view: ChartView) -> None:
    assert ChartView.from_json(json.loads(json.dumps(to_json(view)))) == view


@given(
    st.dictionaries(st.sampled_from(["metric", "x", "log", "axis", "smoothing", "crosshair", "follow"]), JSON)
)
def test_any_old_file_gives_a_view(saved: dict[str, object]) -> None:
    view = ChartView.from_json(saved)
    assert 0 <= view.smoothing < 1
    assert view.x is None or view.x[0] < view.x[1]


def test_zooming_in_keeps_the_newest_end_while_following() -> None:
    view = ChartView().zoomed((0, 100), (0, 100), 2)
    assert (view.x, view.follow) == ((50, 100), True)


def test_zooming_on_the_crosshair_leaves_it_where_it_stands() -> None:
    view = ChartView(crosshair=25).zoomed((0, 100), (0, 100), 2)
    assert view.x == (12.5, 62.5)


def test_zooming_out_past_the_ends_shows_everything() -> None:
    view = ChartView(x=(50, 100), follow=False).zoomed((50, 100), (0, 100), 0.5)
    assert (view.x, view.follow) == (None, True)


def test_zooming_in_ends_at_a_few_steps() -> None:
    view = ChartView()
    for _ in range(50):
        view = view.zoomed(view.x or (0, 1000), (0, 1000), 2)
    assert view.x == (996, 1000)


def test_panning_stops_at_the_ends_and_follows_at_the_right_one() -> None:
    view = ChartView(x=(40, 60))
    left = view.panned((40, 60), (0, 100), -10)
    right = view.panned((40, 60), (0, 100), 10)
    assert (left.x, left.follow) == ((0, 20), False)
    assert (right.x, right.follow) == ((80, 100), True)


def test_smoothing_moves_by_notches_between_off_and_the_heaviest() -> None:
    view = ChartView()
    weights = [view.smoothed(notches).smoothing for notches in (-1, 0, 1, 4, 99)]
    assert weights == [0.0, 0.0, 0.5, 0.9, 0.999]
    assert ChartView(smoothing=0.6).smoothed(1).smoothing == 0.7


def test_raw_keeps_the_amount_of_smoothing_for_later() -> None:
    raw = ChartView(smoothing=0.95).toggled_raw()
    assert (raw.amount, raw.smoothing, raw.toggled_raw().amount) == (0, 0.95, 0.95)
    assert raw.smoothed(-1).amount == 0.9
    assert ChartView().toggled_raw().amount > 0
