"""What the runs tab shows of the selected run and of the others on the chart."""

from __future__ import annotations

import csv
import io
import re
import time
from dataclasses import replace

import pytest

from engine import fold
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.places import Places
from engine.protocol import Cause, CauseKind, Paused
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run, metrics
from tui.cli.export import _write_csv
from tui.ui.heading import Heading

PAUSED = Paused(time.time(), Cause(CauseKind.PAUSED, "Paused."))


async def test_a_curve_takes_the_name_of_its_run_when_that_is_learned(places: Places) -> None:
    run = make_run(1, name="alpha", state=PAUSED, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.shows("━━ alpha")
        engine.change(replace(run, spec=replace(run.spec, name="beta")))
        await opened.shows("━━ beta")


async def test_a_validation_curve_of_seven_points_is_read_as_it_is_exported(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [0.8848, 0.8935, 0.9013, 0.8987, 0.9102, 0.9088, 0.9175]
    run = make_run(1, name="seven", state=PAUSED, metrics={"loss": 0.25, "val_accuracy": 0.9175})
    told = [
        metrics(1, list(range(1, 701)), loss=[1 / step for step in range(1, 701)]),
        metrics(2, [100 * place for place in range(1, 8)], val_accuracy=values),
    ]
    curves = MetricCurves(CurvePoints, wall_clock)
    for event in told:
        fold.add(event, curves)
    _write_csv(curves)
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    exported = [float(row["val_accuracy"]) for row in rows if row["val_accuracy"]]
    engine = FakeEngine(run)
    engine.append(run.id, *told)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.press("m")
        await opened.until(lambda: opened.app.runs.chart.metric == "val_accuracy")
        await opened.press("e", "e", "v")
        read = []
        for step in range(700, 0, -100):
            await opened.shows(f"step {step}")
            read += re.findall(r"━━ seven (\d\.\d+)", opened.text)[:1]  # of the chart on top
            await opened.press("left")
        assert [round(float(value), 3) for value in read] == [round(value, 3) for value in reversed(exported)]
        assert len(exported) == 7 and "raw" in opened.text


async def test_the_second_chart_stays_with_many_runs_and_shares_the_x_axis(places: Places) -> None:
    runs = [make_run(number, state=PAUSED, metrics={"loss": 1.0, "accuracy": 1.0}) for number in range(1, 41)]
    engine = FakeEngine(*runs)
    newest = max(runs, key=lambda run: run.spec.created_at)
    engine.append(newest.id, metrics(1, list(range(1, 901)), loss=[0.000125 * s for s in range(1, 901)]))
    engine.append(newest.id, metrics(2, [300, 600], accuracy=[1.0, 0.5]))
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.until(lambda: len(floors(opened.text)) == 2)
        first, second = floors(opened.text)
        assert first == second


async def test_the_legend_of_the_second_chart_names_the_key_for_curves_without_room(places: Places) -> None:
    runs = [
        make_run(
            number, state=PAUSED, name=f"a rather long name {number}", metrics={"loss": 1.0, "accuracy": 0.5}
        )
        for number in range(1, 25)
    ]
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5], accuracy=[0.25, 0.5]))
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.press(*["space"] * len(runs))
        await opened.until(lambda: len(re.findall(r"\+\d+ more", opened.text)) == 2)
        assert len(re.findall(r"\+\d+ more \(i\)", opened.text)) == 2


def floors(text: str) -> list[str]:
    """The lines of ticks on the screen, as far as the charts reach."""
    return [line[:130] for line in text.splitlines() if re.match(r" *step +\d", line)]


async def test_tab_stops_at_each_panel_once_and_lights_the_heading_of_that_one(places: Places) -> None:
    run = make_run(1, state=PAUSED, metrics={"loss": 1.0, "accuracy": 0.5})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5], accuracy=[0.25, 0.5]))
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.until(lambda: opened.app.query("#second"))
        stops = []
        for _ in range(5):
            await opened.press("tab")
            focused = opened.app.focused
            lit = [
                heading.id
                for heading in opened.app.query(Heading)
                if heading.display and heading._is_highlighted
            ]
            stops.append((focused.id if focused is not None else None, lit))
        assert stops == [
            ("chart", ["chart-heading"]), ("params", ["params-heading"]), ("log-pane", ["log-heading"]),
            ("checkpoints", ["checkpoints-heading"]), ("table", []),
        ]  # fmt: skip
