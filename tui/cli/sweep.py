"""`dltui sweep EXPERIMENT`: start a sweep, and wait for its end with --wait."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from engine import axes as axis_texts
from engine import catalog
from engine import params as declared_params
from engine.catalog import Experiment
from engine.client.client import Client
from engine.errors import DltuiError, ParamError
from engine.params import Param
from engine.sweep_protocol import PARALLEL, TRIALS, Prune, SweepStatus, SweepSummary
from tui.cli.engine_call import call_engine, exit_on_error, print_json, print_stderr, print_stdout
from tui.cli.find_experiment import find_or_fail
from tui.cli.name_values import parse_settings, read_option, seed_text
from tui.cli.run import Executor, Python, RayAddress, SystemSeconds, TrainingDevice, Wait
from tui.cli.shell_completion import complete_run, complete_setting, complete_swept
from tui.cli.wait_for_end import follow, show_progress_line
from tui.data.executor_text import text_of
from tui.data.same_run_name_warning import same_sweep_name_warning
from tui.data.sweep_text import sweep_json, trial_counts, value_text
from tui.data.value_text import format_params

EXIT_OF = {SweepStatus.DONE: 0, SweepStatus.STOPPED: 3, SweepStatus.PAUSED: 6, SweepStatus.DAMAGED: 5}
POLL_SECONDS = 0.3
SEEDS = Param("seeds", int, 1, "a count, or a list such as 1,5,9", least=0, most=2**31 - 1)


def start(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT",
            help="experiment of the catalog, a file: ./mine.py, or a suite of runs: lm_four",
            autocompletion=complete_swept,
        ),
    ],
    axis: Annotated[
        list[str] | None,
        typer.Option(
            "--axis",
            metavar="AXIS",
            autocompletion=complete_setting,
            help="parameter that varies: lr=0.1,0.01 or hidden=1..4 or 'lr=0.001..0.1 log'",
        ),
    ] = None,
    sampler: Annotated[str, typer.Option(help="sampler: grid, random or tpe")] = "grid",
    prune: Annotated[str, typer.Option(help="pruning of bad trials: none, median or asha")] = "none",
    eta: Annotated[int, typer.Option(help="asha: reduction factor")] = Prune().eta,
    rungs: Annotated[int, typer.Option(help="number of pruning checks per trial")] = Prune().rungs,
    startup: Annotated[
        int, typer.Option(help="median: trials before the first one is pruned")
    ] = Prune().startup,
    trials: Annotated[str, typer.Option(metavar="N", help=TRIALS.help)] = "all",
    parallel: Annotated[str, typer.Option(metavar="N", help=PARALLEL.help)] = "auto",
    seeds: Annotated[
        str, typer.Option(help="seeds of each configuration: a count, or a list such as 1,5,9")
    ] = "1",
    seed: Annotated[int, typer.Option(help="seed of the sampler")] = 1,
    gpu_share: Annotated[float, typer.Option(help="share of one GPU per trial")] = 1.0,
    system_seconds: SystemSeconds = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="K=V", help="fixed parameter K=V", autocompletion=complete_setting),
    ] = None,
    metric: Annotated[str, typer.Option(help="metric to optimise (default: the experiment's)")] = "",
    goal: Annotated[str, typer.Option(help="goal for the metric: min or max")] = "",
    name: Annotated[str, typer.Option(help="name of the sweep")] = "",
    device: TrainingDevice = "auto",
    executor: Executor = "local",
    ray_address: RayAddress = "",
    begin: Annotated[
        str,
        typer.Option(
            metavar="RUN@STEP",
            help="each trial begins with that checkpoint of another run, or its best: RUN@best",
            autocompletion=complete_run,
        ),
    ] = "",
    python: Python = "",
    wait: Wait = False,
    json: Annotated[bool, typer.Option("--json", help="the sweep as JSON")] = False,
) -> None:
    """Start a sweep; print its id.

    With --wait the exit status is 0 done, 3 stopped, 6 paused.

    Example: dltui sweep mnist --axis 'lr=0.0003..0.01 log' --sampler tpe --trials 20
    """
    texts, given_seeds = settings_and_seeds(settings or [], seeds)
    given = {
        "sampler": sampler, "seed": seed, "seeds": given_seeds,
        "trials": read_option(TRIALS, trials), "parallel": read_option(PARALLEL, parallel),
        "gpu_share": gpu_share, "prune": Prune(prune, eta, rungs, startup), "metric": metric, "goal": goal,
        "system_seconds": system_seconds,
        "name": name, "device": device, "executor": text_of(executor, ray_address), "begin": begin,
    }  # fmt: skip
    swept = find_or_fail(experiment, python)
    named = experiment if catalog.suite(experiment) else swept.name
    print_axes(swept, axis or [])
    started = submit_sweep(named, axis or [], _fixed(swept, texts), {**given, "file": swept.file})
    print_sweep(started, wait=wait, json=json)


def print_sweep(sweep: SweepSummary, *, wait: bool, json: bool) -> None:
    """Print the id of a sweep, or all of it as JSON; with `wait`, exit with the status of its end."""
    if not json:
        print_stdout(sweep.id)
    if wait:
        sweep = wait_for(sweep.id)
    if json:
        print_json(sweep_json(sweep))
    if wait:
        sys.exit(EXIT_OF[sweep.status])


def submit_sweep(
    experiment: str, axes: list[str], fixed: dict[str, object], given: dict[str, Any]
) -> SweepSummary:
    async def submit(client: Client) -> tuple[SweepSummary, str]:
        created = await client.sweep_submit(experiment, axes, fixed, **given)
        return created, await same_sweep_name_warning(client, created) if given["name"] else ""

    started, warning = call_engine(submit)
    if warning:
        print_stderr(warning)
    return started


def settings_and_seeds(settings: list[str], seeds: str) -> tuple[dict[str, str], int | list[int]]:
    """The values of `--set`, and the seeds, of which one of them may be the only; a wrong one is printed."""
    with exit_on_error():
        texts = parse_settings(settings)
        is_named = "seed" in texts
        text = seed_text(texts, "--seeds", seeds)
        return texts, [int(declared_params.parse_number(axis_texts.SEED, text))] if is_named else parse_seeds(
            text
        )


def _fixed(swept: Experiment, found: Mapping[str, str]) -> dict[str, object]:
    with exit_on_error():
        known = {param.name: param for param in declared_params.declared(swept.params)}
        for name in found:
            if name not in known:
                raise ParamError(f"Unknown parameter {name[:80]!r}.", f"It takes: {', '.join(known)}.")
        return {
            name: declared_params.parse_value(known[name], value.strip()) for name, value in found.items()
        }


def parse_seeds(text: str) -> int | list[int]:
    with exit_on_error():
        seeds = [int(declared_params.parse_number(SEEDS, part)) for part in text.split(",")]
    return seeds if "," in text else seeds[0]


def print_axes(swept: Experiment, axes: list[str]) -> tuple[axis_texts.Axis, ...]:
    """Print the parsed axes before the sweep starts, so that a wrong decimal comma is noticed.

    Empty where one is wrong: the engine reports the error.
    """
    try:
        parsed = axis_texts.parse_axes(swept, ";".join(axes))
    except DltuiError:
        return ()
    for axis in parsed:
        print_stderr(axis_texts.describe(swept, axis))
    return parsed


def wait_for(sweep_id: str) -> SweepSummary:
    """Show progress until the sweep has ended. Ctrl+C stops waiting; the sweep continues."""
    found: list[SweepSummary] = []
    shown = ""

    async def poll(client: Client) -> bool:
        nonlocal shown
        found[:] = [await client.sweep_show(sweep_id)]
        shown = _show_progress(found[0], shown)
        return found[0].status is not SweepStatus.RUNNING

    text = f"The sweep continues. Follow: dltui sweep show {sweep_id}; end it: dltui sweep stop {sweep_id}"
    follow(poll, POLL_SECONDS, text)
    why = f"; {found[0].why}" if found[0].why else ""
    print_stderr(f"{found[0].status}: {trial_counts(found[0])}{why}")
    return found[0]


def _show_progress(found: SweepSummary, before: str) -> str:
    best = f"  best {value_text(found.best)} with {format_params(found.best.params)}" if found.best else ""
    line = f"{found.settled}/{found.planned} trials  {trial_counts(found)}{best}  {found.why}".rstrip()
    if line != before:
        show_progress_line(line, is_last=found.status is not SweepStatus.RUNNING)
    return line
