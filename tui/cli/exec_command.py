"""`dltui exec -- COMMAND`: any command as a run; `dltui track`: the module that its script may import."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from engine.client import submitted_command
from engine.client.client import Client
from engine.errors import DltuiError, ParamError
from engine.protocol import RunSummary
from tui.cli.engine_call import call_engine, fail, print_json, print_stderr, print_stdout
from tui.cli.run import EXIT_OF, GpuShare, Threads, wait_for
from tui.data.same_name_warning import same_name_warning
from tui.data.value_text import run_json


def exec_command(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="command behind --, never run through a shell")
    ],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="value of a placeholder {K}")
    ] = None,
    seed: Annotated[int, typer.Option(help="value of {seed} and of DLTUI_SEED")] = 1,
    name: Annotated[str, typer.Option(help="name of the run")] = "",
    device: Annotated[str, typer.Option(help="device that trains: auto, cpu or gpu")] = "auto",
    gpu_share: GpuShare = 1.0,
    threads: Threads = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="REGEX", help=r"metric in the output, such as 'loss=(\S+)'"),
    ] = None,
    tensorboard: Annotated[
        str, typer.Option(metavar="DIR", help="folder of TensorBoard files that it writes")
    ] = "",
    pty: Annotated[bool, typer.Option("--pty", help="give the command a terminal for its output")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="wait for the end; exit status by outcome")] = False,
    json: Annotated[bool, typer.Option("--json", help="the run as JSON")] = False,
) -> None:
    """Run any command as a run; print its id.

    `dltui exec --set lr=0.1 -- python train.py --lr {lr}`: the environment and the folder are those of this
    shell. {lr} is a parameter, {{ is a brace. Metrics: `import dltui_track` in the script, or --metric.
    """
    try:
        submitted = submitted_command.of_shell(
            command,
            parse_settings(settings or []),
            pty=pty,
            output_metrics=metric or [],
            threads=threads,
            tensorboard=tensorboard,
        )
    except DltuiError as error:
        fail(error)

    async def submit(client: Client) -> tuple[RunSummary, str]:
        created = await client.submit_command(
            submitted, seed=seed, name=name, device=device, gpu_share=gpu_share, threads=threads
        )
        return created, await same_name_warning(client, created) if name else ""

    started, warning = call_engine(submit)
    if warning:
        print_stderr(warning)
    if not json:
        print_stdout(started.id)
    if wait:
        ended = wait_for(started.id)
        if json:
            print_json(run_json(ended))
        sys.exit(EXIT_OF[ended.status])
    if json:
        print_json(run_json(started))


def parse_settings(settings: list[str]) -> dict[str, str]:
    """`k=v` texts as a mapping. Raises ParamError."""
    found: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ParamError(f"--set takes name=value, got {setting[:80]!r}.", "For instance: --set lr=0.01")
        found[name.strip()] = value
    return found


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
