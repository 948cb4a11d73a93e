"""The range of the value axis set by hand."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.protocol import to_json
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui.chart.chart_view import ChartView
from tui.runs.y_range_dialog import parsed_range


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0 1", (0.0, 1.0)),
        ("-1e-3..2", (-0.001, 2.0)),
        ("0.5 to 0.75", (0.5, 0.75)),
        ("", ()),
        ("1 0", None),
        ("1", None),
        ("nan 1", None),
        ("0 inf", None),
        ("a b", None),
    ],
)
def test_two_numbers_are_a_range_and_nothing_is_one_that_fits(text: str, found: tuple[float, ...]) -> None:
    assert parsed_range(text) == found


def test_each_metric_keeps_its_range_and_a_damaged_one_is_left_out() -> None:
    view = ChartView("loss").with_y_range((0.0, 1.0))
    assert ChartView.from_json(to_json(view)) == view and view.y_range == (0.0, 1.0)
    assert ChartView.from_json({"y_ranges": {"a": [1, 0], "b": "x", "c": [0, 2]}}).y_ranges == {
        "c": (0.0, 2.0)
    }
    assert view.with_y_range(None) == ChartView("loss")
    assert ChartView("other", y_ranges=view.y_ranges).y_range is None
    assert ChartView("loss", log=True, y_ranges=view.y_ranges).y_range is None


async def test_a_key_sets_the_range_and_the_chart_says_so(places: Places) -> None:
    run = make_run(1, name="one", state=done(), metrics={"loss": 0.5})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, list(range(1, 61)), loss=[0.5] * 59 + [90.0]))
    async with open_app(places, engine, (120, 40)) as opened:
        chart = opened.app.runs.chart
        await opened.until(lambda: len(chart.series) > 0)
        await opened.press("z")
        await opened.type("0 1")
        await opened.press("enter")
        await opened.until(lambda: chart.view.y_range == (0.0, 1.0))
        await opened.shows("y 0 to 1", "▲")
