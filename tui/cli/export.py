"""`dltui export`: the curves of a run as CSV or JSON."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from engine import fold, places
from engine.client.client import Client
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.protocol import RunSummary, number_to_json
from tui.cli.engine_call import call_engine, print_csv, print_json, print_stderr, print_stdout
from tui.cli.ls import Run
from tui.data.value_text import damaged_events, effective_params, plural, run_json

STEP = "step"
RunCurves = MetricCurves[CurvePoints]
"""with Unix times"""


async def read_all(client: Client, runs: list[str]) -> list[tuple[RunSummary, RunCurves]]:
    return [await _read(client, run) for run in runs]


async def _read(client: Client, run: str) -> tuple[RunSummary, RunCurves]:
    """The run and its curves up to now; a running run is not waited for."""
    found = await client.show(run)
    curves, left_out = MetricCurves(CurvePoints, wall_clock), 0
    async for batch in client.events(found.id):
        for event in batch.events:
            fold.add(event, curves)
        left_out += batch.left_out
        if batch.caught_up or batch.ended:
            break
    if left_out:
        print_stderr(damaged_events(left_out, found.id))
    return found, curves


def export(
    run: Run,
    csv: Annotated[
        bool, typer.Option("--csv", help="CSV: step and one column per metric (the default)")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="run and its curves as JSON")] = False,
    tensorboard: Annotated[
        str, typer.Option(metavar="DIR", help="write a TensorBoard file in a new folder of DIR instead")
    ] = "",
) -> None:
    """Print the curves of a run, or write them for TensorBoard."""
    if tensorboard:
        _write_tensorboard(run, tensorboard, json)
        return
    found, curves = call_engine(lambda client: _read(client, run))
    if json and not csv:
        print_json(curves_json(found, curves))
        return
    _write_csv(curves)


def _write_tensorboard(run: str, folder: str, json: bool) -> None:
    from engine.client.session import READERS, Session
    from engine.reader_protocol import WriteTensorBoard

    async def write(client: Client) -> tuple[RunSummary, int]:
        found, _ = await _read(client, run)  # a deleted cache is read again
        home = places.home()
        request = WriteTensorBoard(
            str(home.runs / found.id / "events.jsonl"),
            os.path.abspath(folder),
            found.id,
            effective_params(found),
        )
        async with Session(home, READERS) as readers:
            return found, sum([part.count async for part in readers.parts(request)])

    found, count = call_engine(write)
    target = os.path.join(os.path.abspath(folder), found.id)
    if json:
        print_json({"id": found.id, "folder": target, "points": count})
    else:
        print_stdout(target)
        print_stderr(f"{plural(count, 'point')} written.")


def curves_json(run: RunSummary, curves: RunCurves, only: set[str] | None = None) -> dict[str, object]:
    points = {
        metric: {"step": c.steps, "at": c.times, "value": [number_to_json(value) for value in c.values]}
        for metric, c in curves.by_metric.items()
        if only is None or metric in only
    }
    return {"run": run_json(run), "curves": points}


def _write_csv(curves: RunCurves) -> None:
    """Print the curves; a metric with the name of the first column is prefixed with `metric.`."""
    names = {metric: f"metric.{STEP}" if metric == STEP else metric for metric in curves.by_metric}
    by_step: dict[int, dict[str, object]] = {}
    for metric, curve in curves.by_metric.items():
        for step, value in zip(curve.steps, curve.values, strict=True):
            by_step.setdefault(step, {STEP: step})[names[metric]] = value
    print_csv([STEP, *names.values()], (by_step[step] for step in sorted(by_step)))
