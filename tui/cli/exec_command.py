"""`dltui exec -- COMMAND`: any command as a run; `dltui track`: the module that its script may import."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.client import submitted_command
from engine.client.client import Client
from engine.protocol import RunSummary
from tui.cli.engine_call import exit_on_error, print_stdout
from tui.cli.run import GpuShare, SystemSeconds, Threads, TrainingDevice, Wait, settings_and_seed, submit_run

Steps = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="steps of a whole training, for progress and pruning")
]


def exec_command(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="command behind --, never run through a shell")
    ],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="value of a placeholder {K}")
    ] = None,
    seed: Annotated[int, typer.Option(help="value of {seed} and of DLTUI_SEED")] = 1,
    name: Annotated[str, typer.Option(help="name of the run")] = "",
    device: TrainingDevice = "auto",
    gpu_share: GpuShare = 1.0,
    system_seconds: SystemSeconds = None,
    threads: Threads = None,
    steps: Steps = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="REGEX", help=r"metric in the output, such as 'loss=(\S+)'"),
    ] = None,
    tensorboard: Annotated[
        str, typer.Option(metavar="DIR", help="folder of TensorBoard files that it writes; may name a {K}")
    ] = "",
    pty: Annotated[bool, typer.Option("--pty", help="give the command a terminal for its output")] = False,
    wait: Wait = False,
    json: Annotated[bool, typer.Option("--json", help="the run as JSON")] = False,
) -> None:
    """Run any command as a run; print its id.

    `dltui exec --set lr=0.1 -- python train.py --lr {lr}`: the environment and the folder are those of this
    shell. {lr} is a parameter, {{ is a brace. Metrics: `import dltui_track` in the script, or --metric.
    """
    texts, seed = settings_and_seed(settings or [], seed)
    with exit_on_error():
        submitted = submitted_command.of_shell(
            command,
            texts,
            pty=pty,
            output_metrics=metric or [],
            threads=threads,
            steps=steps,
            tensorboard=tensorboard,
        )

    async def submit(client: Client) -> RunSummary:
        return await client.submit_command(
            submitted,
            seed=seed,
            name=name,
            device=device,
            gpu_share=gpu_share,
            threads=threads,
            system_seconds=system_seconds,
        )

    submit_run(submit, name, wait=wait, json=json)


def track(
    path: Annotated[
        bool, typer.Option("--path", help="print the folder of dltui_track.py, for PYTHONPATH")
    ] = False,
) -> None:
    """Print how a script logs to dltui: import dltui_track.

    The module does nothing outside `dltui exec`.
    """
    if path:
        print_stdout(str(submitted_command.TRACK_FOLDER))
        return
    print_stdout("import dltui_track")
    print_stdout("dltui_track.log(step, loss=loss)       # also params, image, text, checkpoint, should_stop")
    print_stdout(f"`dltui exec` finds it by itself; elsewhere: PYTHONPATH={submitted_command.TRACK_FOLDER}")
