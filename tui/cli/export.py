"""`dltui export`: the curves of a run as CSV or JSON, as a TensorBoard file, or to an MLflow server."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from engine import fold, places
from engine.client.client import Client
from engine.errors import InputError
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.protocol import RunSummary, number_to_json
from tui.cli.engine_call import (
    call_engine,
    exit_on_error,
    fail,
    print_csv,
    print_json,
    print_stderr,
    print_stdout,
)
from tui.cli.ls import Run
from tui.cli.wait_for_end import show_progress_line
from tui.data.value_text import damaged_events, effective_params, plural, run_json

STEP = "step"
RunCurves = MetricCurves[CurvePoints]
"""with Unix times"""


async def read_all(
    client: Client, runs: list[str], *, has_system: bool = False
) -> list[tuple[RunSummary, RunCurves]]:
    return [await _read(client, run, has_system=has_system) for run in runs]


async def _read(client: Client, run: str, *, has_system: bool = False) -> tuple[RunSummary, RunCurves]:
    """The run and its curves up to now; a running run is not waited for.

    `has_system`: with those of what it used of its machine.
    """
    found = await client.show(run)
    curves, left_out = MetricCurves(CurvePoints, wall_clock, has_system=has_system), 0
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
    system: Annotated[
        bool, typer.Option("--system", help="with what it used of its machine: system/cpu, ...")
    ] = False,
    tensorboard: Annotated[
        str, typer.Option(metavar="DIR", help="write a TensorBoard file in a new folder of DIR instead")
    ] = "",
    mlflow: Annotated[
        str, typer.Option(metavar="URL", help="send the run to the MLflow server at http://HOST:PORT instead")
    ] = "",
) -> None:
    """Print a run's curves, or give it to TensorBoard or MLflow.

    A run that was sent before is the same run there: what came since is added to it. To log in, MLflow's own
    variables are read: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    """
    if tensorboard and mlflow:
        fail(InputError("--tensorboard and --mlflow: expected one of them.", "Call export twice."))
    if system and (tensorboard or mlflow):
        fail(InputError("--system: expected with --csv or --json.", "Leave --tensorboard and --mlflow out."))
    if mlflow:
        _send_to_mlflow(run, mlflow, json)
        return
    if tensorboard:
        _write_tensorboard(run, tensorboard, json)
        return
    found, curves = call_engine(lambda client: _read(client, run, has_system=system))
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


def _send_to_mlflow(run: str, url: str, json: bool) -> None:
    from tui.cli import mlflow_export, mlflow_server  # only this option needs HTTP

    def show(points: int, is_last: bool = False) -> None:
        show_progress_line(f"{points:,} of {plural(total, 'point')}", is_last=is_last)

    with exit_on_error():
        server = mlflow_server.server_at(url)
    found, curves = call_engine(lambda client: _read(client, run))
    total = sum(len(curve.steps) for curve in curves.by_metric.values())
    with exit_on_error():
        sent = mlflow_export.export(server, found, curves.by_metric, show)
    show(sent.points, is_last=True)
    target = f"{server.url}/#/experiments/{sent.experiment_id}/runs/{sent.run_id}"
    for name, shown in sent.renamed.items():
        print_stderr(f"{name} is called {shown} there, where names have other signs.")
    if json:
        facts = {"id": found.id, "url": target, "mlflow_run": sent.run_id, "points": sent.points}
        print_json({**facts, "was_known": sent.was_known})
        return
    print_stdout(target)
    again = ", which was there already" if sent.was_known else ""
    print_stderr(f"{plural(sent.points, 'point')} sent to run {sent.run_id}{again}.")


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
