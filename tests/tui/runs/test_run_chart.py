"""The keys of the chart of the runs tab."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.run_axes import RunAxes
from tui.runs.run_chart import RunChart


class RunChartApp(App[None]):
    def compose(self) -> ComposeResult:
        yield RunChart(ChartView())


async def test_first_and_last_move_the_crosshair_to_the_ends_of_the_curve() -> None:
    app = RunChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(RunChart)
        series = CurveSeries("r1", "r1", ChartCurve())
        series.curve.extend(
            range(1, 60), [1 / step for step in range(1, 60)], [float(step) for step in range(1, 60)]
        )
        chart.update_series([series])
        chart.focus()
        chart.toggle_crosshair()
        chart.action_zoom_in()
        await pilot.press("g")
        assert chart.view.crosshair == 1
        await pilot.press("G")
        assert chart.view.crosshair == 59


async def test_without_a_crosshair_first_and_last_move_the_view() -> None:
    app = RunChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(RunChart)
        series = CurveSeries("r1", "r1", ChartCurve())
        series.curve.extend(range(101), [0.5] * 101, [float(step) for step in range(101)])
        chart.update_series([series])
        chart.focus()
        chart.action_zoom_in()
        await pilot.press("g")
        assert chart.view.x == (0, 50) and chart.view.crosshair is None


async def test_the_x_axis_goes_round_those_that_a_run_has_and_keeps_the_place() -> None:
    app = RunChartApp()
    async with app.run_test(size=(80, 24)):
        chart, axes = app.query_one(RunChart), RunAxes()
        axes.per_step = {"epoch": 0.5}
        curve = ChartCurve(axes)
        curve.extend([1, 2, 3], [0.5] * 3, [10.0, 20.0, 30.0])
        chart.update_series([CurveSeries("r1", "r1", curve)])
        chart.move_crosshair(2)
        seen = []
        for _ in range(3):
            chart.action_toggle_axis()
            seen.append((chart.view.axis, chart.view.crosshair))
        assert seen == [("epoch", 1.0), ("time", 20.0), ("step", 2.0)]


def test_runs_without_a_step_are_drawn_over_time_and_the_chosen_axis_is_kept() -> None:
    chart = RunChart(ChartView("system/cpu"))
    chart.lend_time_axis(is_lent=True)
    assert (chart.view.axis, chart.own_view.axis) == ("time", "step")
    chart.lend_time_axis(is_lent=False)
    assert (chart.view.axis, chart.own_view.axis) == ("step", "step")
    chart.set_view(ChartView("system/cpu", axis="clock"))
    chart.lend_time_axis(is_lent=True)
    assert chart.view.axis == chart.own_view.axis == "clock"
