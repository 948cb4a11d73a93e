"""Epochs, samples and the clock on the wall as x axes."""

from __future__ import annotations

import math

import pytest

from engine.client.client import EventBatch
from engine.events import Event
from engine.point_columns import PointColumns, to_json
from tests.fakes.engine import make_run
from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import AXES, Axis, ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.scale import x_ticks
from tui.data.run_history import RunHistory
from tui.runs.charted_runs import per_step
from tui.ui.span import row_text, row_width

START = 1_700_000_000.0


def logged(seq: int, elapsed: float, **series: list[list[float]]) -> Event:
    return Event(seq, START + elapsed, "metrics", {"series": series}, elapsed)


def history_of(*events: Event) -> RunHistory:
    history = RunHistory("run")
    history.fold(EventBatch(events, True, False))
    return history


def positions(history: RunHistory, metric: str, axis: Axis) -> list[float]:
    found: list[float] = history.series[metric].positions(axis).tolist()
    return found


def test_time_is_counted_from_the_start_of_the_run_for_every_metric() -> None:
    history = history_of(
        Event(1, START, "started", {}, 0.0),
        logged(2, 4.0, loss=[[1, 2], [1.0, 0.5]]),
        logged(3, 6.0, val_loss=[[2], [0.75]]),
    )
    assert positions(history, "loss", "time") == [2.0, 4.0]
    assert positions(history, "val_loss", "time") == [6.0]


def test_the_clock_goes_on_during_a_pause_and_training_time_does_not() -> None:
    history = history_of(
        Event(1, START, "started", {}, 0.0),
        logged(2, 10.0, loss=[[1], [1.0]]),
        Event(3, START + 10, "ended", {"status": "paused", "step": 1}, 10.0),
        Event(4, START + 3_600, "started", {}, 0.0),
        Event(5, START + 3_610, "metrics", {"series": {"loss": [[2], [0.5]]}}, 10.0),
    )
    assert positions(history, "loss", "time") == [10.0, 20.0]
    assert positions(history, "loss", "clock") == [pytest.approx(START + 10, abs=3_590), START + 3_610]


def test_a_logged_epoch_is_an_axis_of_every_metric() -> None:
    history = history_of(
        logged(1, 1.0, loss=[[10, 20, 30, 40], [4.0, 3.0, 2.0, 1.0]]),
        logged(2, 2.0, **{"train/epoch": [[20, 40], [1.0, 2.0]]}),
    )
    assert history.axes.has("epoch") and not history.axes.has("samples")
    assert positions(history, "loss", "epoch") == [1.0, 1.0, 1.5, 2.0]
    grown = logged(3, 3.0, loss=[[60], [0.5]], **{"train/epoch": [[60], [3.0]]})
    history.fold(EventBatch((grown,), True, False))
    assert positions(history, "loss", "epoch")[-1] == 3.0


def test_an_epoch_that_is_no_number_or_falls_does_not_turn_the_axis_back() -> None:
    history = history_of(
        logged(1, 1.0, loss=[[1, 2, 3, 4], [4.0, 3.0, 2.0, 1.0]]),
        logged(2, 2.0, epoch=[[1, 2, 3, 4], [1.0, math.nan, 0.0, 2.0]]),
    )
    found = positions(history, "loss", "epoch")
    assert found == sorted(found) and all(map(math.isfinite, found))


def test_an_experiment_tells_epochs_and_samples_by_its_parameters() -> None:
    run = make_run(experiment="mnist", params={"epochs": 4, "batch": 50, "iterations": None}, total_steps=400)
    assert per_step(run) == {"epoch": 0.01, "samples": 50.0}
    cut = make_run(experiment="mnist", params={"epochs": 4, "batch": 50, "iterations": 60}, total_steps=60)
    assert per_step(cut) == {"samples": 50.0}
    history = history_of(logged(1, 1.0, loss=[[100, 200], [1.0, 0.5]]))
    history.axes.per_step = per_step(run)
    assert positions(history, "loss", "epoch") == [1.0, 2.0]
    assert positions(history, "loss", "samples") == [5_000.0, 10_000.0]


def test_the_log_of_another_program_has_the_clock_at_which_it_was_written() -> None:
    points = PointColumns()
    points.steps.extend([1, 2])
    points.values.extend([1.0, 0.5])
    points.times.extend([START, START + 60])
    history = history_of(Event(1, START + 1e6, "columns", {"series": to_json({"loss": points})}))
    assert positions(history, "loss", "clock") == [START, START + 60]
    assert positions(history, "loss", "time") == [0.0, 60.0]


def test_positions_are_found_again_on_another_axis() -> None:
    history = history_of(logged(1, 1.0, loss=[[100, 200], [1.0, 0.5]]))
    history.axes.per_step = {"epoch": 0.5}
    curve = history.series["loss"]
    assert curve.translated(150, "step", "epoch") == 75.0 and curve.translated(75.0, "epoch", "step") == 150
    assert ChartCurve().translated(7.0, "step", "clock") == 7.0


@pytest.mark.parametrize("axis", AXES)
def test_a_chart_over_any_axis_fills_its_rectangle_and_names_it(axis: Axis) -> None:
    history = history_of(
        Event(1, START, "started", {}, 0.0), logged(2, 5_000.0, loss=[list(range(1, 300)), [0.5] * 299])
    )
    history.axes.per_step = {"epoch": 0.01, "samples": 64.0}
    series = (CurveSeries("run", "run", history.series["loss"]),)
    for view in (ChartView("loss", axis=axis), ChartView("loss", axis=axis, crosshair=1.5)):
        rows = picture(Scene(view, series), 80, 24)
        assert [row_width(row) for row in rows] == [80] * 24
        assert row_text(rows[-1]).startswith(axis)


def test_ticks_of_the_clock_are_at_whole_hours_of_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.chart.scale._zone", lambda at: 5.5 * 3600)
    ticks = x_ticks(START, START + 6 * 3600, 60, "clock", room=(0, 60))
    assert len(ticks) > 1
    where = [START + tick.cell / 59 * 6 * 3600 for tick in ticks]
    assert all(min((at + 5.5 * 3600) % 3600, -(at + 5.5 * 3600) % 3600) < 400 for at in where)
