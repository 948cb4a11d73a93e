"""`dltui import`: logs of other programs become runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import Json
from tui.cli.engine_call import call_engine, fail, print_json, print_stderr, print_stdout
from tui.cli.wait_for_end import show_progress_line
from tui.data.value_text import plural
from tui.ui.numbers import size

IDLE_SECONDS = 3600.0
LOGS = typer.Argument(
    metavar="LOGDIR", help="folder of TensorBoard files, CSV logs, W&B or MLflow runs, or one file of them"
)


def import_logs(
    logs: Annotated[list[str], LOGS],
    copy: Annotated[
        bool, typer.Option("--copy", help="keep the points for good; else they are a cache of the log")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="read on while the logs grow; the engine does, also afterwards")
    ] = False,
    idle: Annotated[
        float, typer.Option(help="seconds without anything new that end --follow", min=1, max=1e8)
    ] = IDLE_SECONDS,
    json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Import logs of TensorBoard, CSV, W&B, MLflow as runs.

    Those of Keras, PyTorch, tensorboardX and Lightning too; of W&B the folder `wandb`, or one run in it; of
    MLflow `mlflow.db` and `mlruns`.
    They are read, never written to. A log that was imported before is the same run, and is read on.
    """
    paths = [os.path.abspath(path) for path in logs]

    async def read(client: Client) -> Json:
        result: Json = {}
        async for part in client.import_logs(paths, copy=copy, idle=idle if follow else 0):
            result = part
            show_progress_line(_progress(part), is_last=bool(part.get("end")))
        return result

    result = call_engine(read)
    for problem in result["problems"]:
        print_stderr(problem)
    if result["problems_left_out"]:
        print_stderr(f"and {plural(result['problems_left_out'], 'more line')} like these")
    if json:
        print_json({name: value for name, value in result.items() if name not in ("id", "end")})
    elif not (result["found"] or result["problems"]):
        fail(InputError(f"No log was found in {', '.join(paths)}.", "dltui help import says what is read."))
    for run_id in result["found"] if not json else ():
        print_stdout(run_id)
    if not json:
        print_stderr(_summary(result, follow))
    sys.exit(0 if result["found"] else 1)


def _progress(part: Json) -> str:
    read, total = part["bytes_read"], part["bytes"]
    return (
        f"{part['runs_read']:,} of {plural(part['runs'], 'run')}  "
        f"{size(read)} of {size(total)}  {plural(part['points'], 'point')}"
    )


def _summary(result: Json, follow: bool) -> str:
    known = len(result["known"])
    again = f", {known:,} of them imported before" if known else ""
    followed = "; followed: dltui rm RUN ends that" if follow else ""
    return f"{plural(result['runs'], 'run')}{again}, {plural(result['points'], 'new point')}{followed}"
