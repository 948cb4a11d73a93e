"""The chart redraws at once after a key, at most five times a second for data, and only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.pilot import Pilot

from engine.refresh_intervals import DRAW_SECONDS
from tests.fakes.app_pilot import TIMEOUT
from tests.timeouts import quiet_seconds
from tui.chart import chart as chart_module
from tui.chart.chart import Chart
from tui.chart.chart_rows import ChartMark, CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.ui.span import row_text

KEYS = {
    "plus": "zoom_in",
    "minus": "zoom_out",
    "0": "zoom_reset",
    "h": "pan_left",
    "l": "pan_right",
    "f": "follow",
    "y": "toggle_log",
    "Y": "toggle_outliers",
    "x": "toggle_axis",
    "s": "smooth_more",
    "S": "smooth_less",
    "r": "toggle_raw",
    "left": "crosshair_left",
    "right": "crosshair_right",
    "shift+left": "crosshair_left(10)",
    "c": "crosshair_off",
}


class Keyed(Chart):
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key, action) for key, action in KEYS.items()]


@pytest.fixture
def repainted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Region, ...]]:
    """The regions of every later repaint of the chart."""
    visible: list[tuple[Region, ...]] = []
    refresh = Chart.refresh

    def noted(chart: Chart, *regions: Region, **options: Any) -> Chart:
        visible.append(regions)
        return refresh(chart, *regions, **options)

    monkeypatch.setattr(Chart, "refresh", noted)
    return visible


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    end = quiet_seconds() + TIMEOUT
    while not holds():
        assert quiet_seconds() < end, "never came to pass"
        await pilot.pause(0.01)


class ChartApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.views: list[ChartView] = []

    def compose(self) -> ComposeResult:
        yield Keyed(view=ChartView("loss"))

    def on_mount(self) -> None:
        self.query_one(Keyed).focus()

    def on_chart_view_changed(self, message: Chart.ViewChanged) -> None:
        self.views.append(message.view)


def falling(count: int = 1000) -> CurveSeries:
    series = CurveSeries("run", "run", ChartCurve())
    series.curve.extend(
        range(1, count + 1), [1.0 / step for step in range(1, count + 1)], range(0, count * 2, 2)
    )
    return series


def shown(app: App[None]) -> str:
    """The text on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_each_key_changes_the_view_and_posts_it() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        chart.update_series([falling()])
        chart.set_marks([ChartMark(500, "checkpoint")])
        await pilot.press("plus")
        assert chart.view.x == (500, 1000)
        await pilot.press("h")
        assert chart.view.x == (375, 875) and not chart.view.follow
        await pilot.press("l", "l")
        assert chart.view.x == (500, 1000) and chart.view.follow
        await pilot.press("h", "f")
        assert chart.view.x == (500, 1000) and chart.view.follow
        await pilot.press("minus")
        assert chart.view.x is None
        await pilot.press("plus", "plus", "0")
        assert chart.view.x is None
        await pilot.press("y")
        assert chart.view.log and "log" in shown(app)
        await pilot.press("Y")
        assert chart.view.trimmed and "outliers ignored" in shown(app)
        await pilot.press("Y")
        await pilot.press("s", "s", "s", "S")
        assert chart.view.smoothing == 0.7 and "smoothing 0.7" in shown(app)
        await pilot.press("S", "S", "x")
        assert chart.view.smoothing == 0 and chart.view.axis == "time" and "time" in shown(app)
        assert app.views[-1] == chart.view


async def test_the_crosshair_moves_over_points_and_goes_away() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        chart.update_series([falling()])
        await pilot.press("left")
        assert chart.view.crosshair == 1000 and "step 1,000" in shown(app)
        await pilot.press("left")
        near = chart.view.crosshair
        assert near is not None and 970 < near < 1000
        await pilot.press("shift+left")
        far = chart.view.crosshair
        assert far is not None and near - far > 5 * (1000 - near)
        await pilot.press("x")
        assert chart.view.crosshair == pytest.approx((far - 1) * 2)
        await pilot.press("right", "c")
        assert chart.view.crosshair is None


async def test_a_click_puts_the_crosshair_where_it_was() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        chart.update_series([falling()])
        await pilot.click(Keyed, offset=(43, 10))
        assert chart.view.crosshair == pytest.approx(500, abs=25)


async def test_keys_on_an_empty_chart_do_no_harm() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*KEYS)
        assert "no points yet" in shown(app)


async def test_new_points_repaint_only_the_cells_near_them(repainted: list[tuple[Region, ...]]) -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 40)) as pilot:
        chart = app.query_one(Keyed)
        series = falling(1000)
        chart.update_series([series])
        chart.set_live(True)
        await pilot.pause()
        repainted.clear()
        series.curve.extend([1010], [1.0 / 1010])
        chart.data_changed()
        await until(pilot, lambda: repainted)
        await pilot.pause()
        regions = [region for part in repainted for region in part]
        assert 1 <= len(regions) <= 6
        assert sum(region.area for region in regions) < 60


async def test_a_flood_of_data_is_drawn_at_most_five_times_a_second(
    repainted: list[tuple[Region, ...]],
) -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        series = falling(10)
        chart.update_series([series])
        await pilot.pause()
        repainted.clear()
        start = time.monotonic()
        for step in range(11, 211):
            series.curve.extend([step], [float(step)])
            chart.data_changed()
            await pilot.pause(0.002)
        frames = len(repainted)
        assert 1 <= frames <= (time.monotonic() - start) / DRAW_SECONDS + 1
        await until(pilot, lambda: "210" in shown(app))


async def test_what_a_partial_repaint_leaves_is_what_a_full_one_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chart_module, "DRAW_SECONDS", 0.0)
    app = ChartApp()
    async with app.run_test(size=(100, 30)) as pilot:
        chart = app.query_one(Keyed)
        series = falling(100)
        chart.update_series([series])
        for step in range(101, 140):
            series.curve.extend([step], [float(step % 7)])
            chart.update_series([series])
            whole = "\n".join(map(row_text, picture(Scene(chart.view, (series,)), 100, 30)))
            await until(pilot, lambda whole=whole: shown(app) == whole)  # type: ignore[misc]


async def test_a_chart_is_drawn_at_every_size() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(Keyed).update_series([falling()])
        for size in ((20, 5), (200, 60), (5, 2), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert [len(line) for line in shown(app).split("\n")] == [size[0]] * size[1]


async def test_a_change_of_theme_changes_the_colours() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        chart.update_series([falling()])
        dark = {segment.style for segment in chart.render_line(3)}
        app.theme = "textual-light"
        await pilot.pause()
        assert dark.isdisjoint({segment.style for segment in chart.render_line(3)})


async def test_a_hidden_chart_is_not_drawn_and_is_up_to_date_when_shown_again(
    repainted: list[tuple[Region, ...]],
) -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Keyed)
        series = falling(100)
        chart.update_series([series])
        chart.display = False
        await pilot.pause()
        repainted.clear()
        series.curve.extend([101], [0.777])
        chart.data_changed()
        await pilot.pause(0.25)
        assert not repainted
        chart.display = True
        await until(pilot, lambda: "0.777" in shown(app))


def test_without_outliers_the_first_steps_do_not_squash_the_rest() -> None:
    """Ten steps at 100, then a thousand between 1 and 2: these get the rows."""
    series = CurveSeries("run", "run", ChartCurve())
    values = [100.0] * 10 + [1.5 + (step % 11 - 5) / 10 for step in range(1000)]
    series.curve.extend(range(1, 1011), values)
    whole = Scene(ChartView("loss"), (series,))
    trimmed = Scene(ChartView("loss", trimmed=True), (series,))
    rows = {"whole": picture(whole, 80, 20), "trimmed": picture(trimmed, 80, 20)}
    used = {
        how: sum(any("⠁" <= sign <= "⣿" for sign in row_text(row)[20:]) for row in found[1:-2])
        for how, found in rows.items()
    }
    assert used["whole"] <= 2 and used["trimmed"] >= 12
    assert "outliers ignored" in "".join(row_text(row) for row in rows["trimmed"][:3])
    assert "outliers" not in "".join(row_text(row) for row in rows["whole"][:3])


def test_of_few_values_none_is_an_outlier() -> None:
    series = CurveSeries("run", "run", ChartCurve())
    series.curve.extend(range(1, 11), [100.0, *(float(value) for value in range(9))])
    for log in (False, True):
        views = (ChartView("x", log=log), ChartView("x", log=log, trimmed=True))
        first, second = (picture(Scene(view, (series,)), 80, 20)[-10:] for view in views)
        assert first == second


def test_outliers_are_ignored_on_a_log_axis_too() -> None:
    series = CurveSeries("run", "run", ChartCurve())
    series.curve.extend(range(1, 1011), [1e9] * 10 + [10 ** (step % 100 / 100) for step in range(1000)])
    text = "\n".join(map(row_text, picture(Scene(ChartView("x", log=True, trimmed=True), (series,)), 80, 20)))
    assert "e8" not in text and "e9" not in text and "e7" not in text
