"""`dltui run`: start an experiment, and wait for its end with --wait."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import typer

from engine import params as declared_params
from engine.axes import SEED
from engine.catalog import Experiment
from engine.client.client import Client
from engine.protocol import SYSTEM_LONGEST, RunSummary, Status
from tui.cli.engine_call import call_engine, exit_on_error, print_json, print_stderr, print_stdout
from tui.cli.find_experiment import find_or_fail
from tui.cli.name_values import parse_settings, seed_text
from tui.cli.shell_completion import complete_experiment, complete_run, complete_setting
from tui.cli.wait_for_end import follow, show_progress_line
from tui.data.executor_text import text_of
from tui.data.same_run_name_warning import same_name_warning
from tui.data.value_text import (
    duration_text,
    format_params,
    progress_text,
    reason_text,
    run_json,
    short_number,
)

EXIT_OF = {
    Status.DONE: 0,
    Status.STOPPED: 3,
    Status.FAILED: 4,
    Status.LOST: 5,
    Status.DAMAGED: 5,
    Status.PAUSED: 6,
}
POLL_SECONDS = 0.25
Executor = Annotated[str, typer.Option(help="executor: local, or a ray cluster")]
RayAddress = Annotated[
    str,
    typer.Option(
        envvar=["DLTUI_RAY_ADDRESS", "RAY_ADDRESS"],
        help="address of the Ray cluster: host:port or auto; empty: a local Ray",
    ),
]
Python = Annotated[
    str,
    typer.Option(
        metavar="PATH", help="interpreter that trains an experiment of your own; it needs dltui as well"
    ),
]
TrainingDevice = Annotated[str, typer.Option(help="device that trains: auto, cpu or gpu")]
Wait = Annotated[bool, typer.Option("--wait", help="wait for the end; exit status by outcome")]
GpuShare = Annotated[float, typer.Option(help="share of one GPU: runs may share one")]
SystemSeconds = Annotated[
    float | None,
    typer.Option(
        metavar="N", min=0, max=SYSTEM_LONGEST,
        help="seconds between two measurements of processor, memory and GPU, 1 or more; 0: none",
    ),
]  # fmt: skip
Threads = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=65536, help="CPU threads, and places in the queue")
]


def run(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT",
            help="experiment of the catalog, or a file: ./mine.py",
            autocompletion=complete_experiment,
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="K=V", help="value of a parameter", autocompletion=complete_setting),
    ] = None,
    seed: Annotated[int, typer.Option(help="random seed: initial weights, dropout, data order")] = 1,
    name: Annotated[str, typer.Option(help="name of the run")] = "",
    device: TrainingDevice = "auto",
    gpu_share: GpuShare = 1.0,
    threads: Threads = None,
    system_seconds: SystemSeconds = None,
    executor: Executor = "local",
    ray_address: RayAddress = "",
    begin: Annotated[
        str,
        typer.Option(
            metavar="RUN@STEP",
            help="begin with that checkpoint of another run, or its best: RUN@best",
            autocompletion=complete_run,
        ),
    ] = "",
    python: Python = "",
    wait: Wait = False,
    json: Annotated[bool, typer.Option("--json", help="the run as JSON")] = False,
) -> None:
    """Start an experiment; print the id of the run.

    With --begin RUN@STEP weights, optimizer and random generators are those of that checkpoint. Updates are
    counted from STEP on, and the length (epochs, steps) includes those before it. Parameters and seed are the
    new run's, the learning rate too: with the seed of RUN the generators continue, with another one they are
    seeded again. RUN@best is the checkpoint with the best value among those saved. RUN may be removed
    afterwards.

    With --wait the exit status is 0 done, 3 stopped, 4 failed, 5 lost, 6 paused.
    """
    chosen = find_or_fail(experiment, python)
    texts, seed = settings_and_seed(settings or [], seed)
    given = checked(chosen, texts)
    place = text_of(executor, ray_address)

    async def submit(client: Client) -> RunSummary:
        return await client.submit(
            chosen.name, given, seed=seed, name=name, device=device, executor=place, begin=begin,
            file=chosen.file, gpu_share=gpu_share, threads=threads, system_seconds=system_seconds,
        )  # fmt: skip

    submit_run(submit, name, wait=wait, json=json)


def submit_run(
    submit: Callable[[Client], Awaitable[RunSummary]], name: str, *, wait: bool, json: bool
) -> None:
    """Submit a run and print its id, or all of it as JSON; with `wait`, exit with the status of its end."""

    async def submit_named(client: Client) -> tuple[RunSummary, str]:
        created = await submit(client)
        return created, await same_name_warning(client, created) if name else ""

    run, warning = call_engine(submit_named)
    if warning:
        print_stderr(warning)
    if not json:
        print_stdout(run.id)
    if wait:
        run = wait_for(run.id)
    if json:
        print_json(run_json(run))
    if wait:
        sys.exit(EXIT_OF[run.status])


def settings_and_seed(settings: list[str], seed: int) -> tuple[dict[str, str], int]:
    """The values of `--set`, and the seed, which may be one of them; a wrong one is printed and exits."""
    with exit_on_error():
        texts = parse_settings(settings)
        return texts, int(declared_params.parse_number(SEED, seed_text(texts, "--seed", str(seed))))


def checked(experiment: Experiment, texts: Mapping[str, str]) -> dict[str, object]:
    """The texts, validated; an invalid one is printed in one line and exits."""
    with exit_on_error():
        given: dict[str, object] = dict(texts)
        declared_params.build(experiment.params, given)
    return given


def wait_for(run_id: str) -> RunSummary:
    """Show progress until the run has ended. Ctrl+C stops waiting; the run continues."""
    found: list[RunSummary] = []
    shown = ""

    async def poll(client: Client) -> bool:
        nonlocal shown
        found[:] = [await client.show(run_id)]
        shown = _show_progress(found[0], shown)
        return _is_over(found[0])

    follow(poll, POLL_SECONDS, f"The run continues. Follow: dltui show {run_id}; end it: dltui stop {run_id}")
    print_stderr(f"{found[0].status}: {reason_text(found[0])}")
    return found[0]


def _is_over(run: RunSummary) -> bool:
    return run.status.is_final or run.status is Status.PAUSED


def _show_progress(found: RunSummary, before: str) -> str:
    metrics = format_params({name: short_number(value) for name, value in found.metrics.items()})
    left = f"  {duration_text(found.eta_seconds)} left" if found.eta_seconds is not None else ""
    waiting = f"  {reason_text(found)}" if found.status is Status.QUEUED else ""
    line = f"{found.status}  {progress_text(found)}  {metrics}{left}{waiting}"
    if line != before:
        show_progress_line(line, is_last=_is_over(found))
    return line
