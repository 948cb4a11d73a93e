"""`dltui sweep exec --axis AXIS -- COMMAND`: a sweep over the placeholders of a command."""

from __future__ import annotations

from typing import Annotated

import typer

from engine import catalog
from engine.client import submitted_command
from engine.sweep_protocol import PARALLEL, TRIALS, Prune
from tui.cli.engine_call import exit_on_error
from tui.cli.name_values import read_option
from tui.cli.run import SystemSeconds, Threads, TrainingDevice, Wait
from tui.cli.sweep import (
    print_axes,
    print_sweep,
    settings_and_seeds,
    submit_sweep,
)


def start(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="command behind --, never run through a shell")
    ],
    axis: Annotated[
        list[str] | None,
        typer.Option(
            "--axis", metavar="AXIS", help="placeholder that varies: lr=0.1,0.01 or 'lr=1e-4..1e-2 log'"
        ),
    ] = None,
    sampler: Annotated[
        str, typer.Option(help="sampler: grid, random or tpe (default: grid, tpe for a range)")
    ] = "",
    prune: Annotated[str, typer.Option(help="pruning of bad trials: none, median or asha")] = "none",
    eta: Annotated[int, typer.Option(help="asha: reduction factor")] = Prune().eta,
    rungs: Annotated[int, typer.Option(help="number of pruning checks per trial")] = Prune().rungs,
    startup: Annotated[
        int, typer.Option(help="median: trials before the first one is pruned")
    ] = Prune().startup,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="steps of a whole trial; pruning takes those of the first finished one without it",
        ),
    ] = None,
    trials: Annotated[str, typer.Option(metavar="N", help=TRIALS.help)] = "all",
    parallel: Annotated[str, typer.Option(metavar="N", help=PARALLEL.help)] = "auto",
    seeds: Annotated[
        str, typer.Option(help="values of {seed} for each configuration: a count, or a list such as 1,5,9")
    ] = "1",
    seed: Annotated[int, typer.Option(help="seed of the sampler")] = 1,
    gpu_share: Annotated[float, typer.Option(help="share of one GPU per trial")] = 1.0,
    system_seconds: SystemSeconds = None,
    threads: Threads = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="fixed value of a placeholder {K}")
    ] = None,
    metric: Annotated[str, typer.Option(help="metric to optimise")] = "loss",
    goal: Annotated[str, typer.Option(help="goal for the metric: min or max")] = "",
    output: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="REGEX", help=r"metric in the output, such as 'loss=(\S+)'"),
    ] = None,
    tensorboard: Annotated[
        str, typer.Option(metavar="DIR", help="folder of TensorBoard files that it writes; may name a {K}")
    ] = "",
    pty: Annotated[bool, typer.Option("--pty", help="give the command a terminal for its output")] = False,
    name: Annotated[str, typer.Option(help="name of the sweep")] = "",
    device: TrainingDevice = "auto",
    wait: Wait = False,
    json: Annotated[bool, typer.Option("--json", help="the sweep as JSON")] = False,
) -> None:
    """Sweep over the placeholders of a command; print the id.

    Example: dltui sweep exec --axis 'lr=1e-4..1e-2 log 5' -- python train.py --lr {lr}
    """
    texts, given_seeds = settings_and_seeds(settings or [], seeds)
    with exit_on_error():
        submitted = submitted_command.of_shell(
            command, texts, axes=axis or [], pty=pty, output_metrics=output or [],
            threads=threads, tensorboard=tensorboard, steps=steps,
        )  # fmt: skip
    has_range = any(
        one.values is None for one in print_axes(catalog.from_command(submitted.command), axis or [])
    )
    started = submit_sweep(
        submitted_command.EXPERIMENT, axis or [], dict(submitted.params),
        {
            "sampler": sampler or ("tpe" if has_range else "grid"), "seed": seed, "seeds": given_seeds,
            "trials": read_option(TRIALS, trials), "parallel": read_option(PARALLEL, parallel),
            "gpu_share": gpu_share, "prune": Prune(prune, eta, rungs, startup), "metric": metric,
            "system_seconds": system_seconds,
            "goal": goal or ("min" if metric.endswith("loss") else ""), "name": name, "device": device,
            "submitted": submitted,
        },
    )  # fmt: skip
    print_sweep(started, wait=wait, json=json)
