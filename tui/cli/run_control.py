"""`dltui pause`, `resume`, `stop`, `set`, `verify`: commands on runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tui.cli.completion import complete_run
from tui.cli.engine_call import call_engine, print_json, print_stderr, print_stdout
from tui.cli.ls import AsJson
from tui.cli.many_runs import Runs, Where, Yes, apply_to_runs


def pause(runs: Runs = None, where: Where = "", yes: Yes = False, json: AsJson = False) -> None:
    """Pause runs: save, end the process, free the GPU.

    `resume` continues bit for bit.
    """
    apply_to_runs("pause", runs, where, yes, json, lambda client, run: client.pause(run))


def resume(
    runs: Runs = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="resume even where the result is only statistically equal")
    ] = False,
    where: Where = "",
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Resume runs from the newest intact checkpoint."""
    mode = "fast" if fast else "strict"
    apply_to_runs("resume", runs, where, yes, json, lambda client, run: client.resume(run, mode))


def stop(runs: Runs = None, where: Where = "", yes: Yes = False, json: AsJson = False) -> None:
    """Stop runs: write a checkpoint and end."""
    apply_to_runs("stop", runs, where, yes, json, lambda client, run: client.stop(run))


def set_live(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... NAME=VALUE",
            help="runs, then a live parameter such as lr=0.01",
            autocompletion=complete_run,
        ),
    ],
    where: Where = "",
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Change a live hyper-parameter of running runs."""
    *runs, setting = words
    name, equals, value = (part.strip() for part in setting.partition("="))
    if not equals:
        print_stderr(f"Expected name=value such as lr=0.01, got {setting[:80]!r}.")
        sys.exit(2)
    apply_to_runs("set", runs, where, yes, json, lambda client, run: client.set(run, name, value))


def verify(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="run to verify (default: all)", autocompletion=complete_run)
    ] = "",
    json: AsJson = False,
) -> None:
    """Check the hash of every checkpoint and every event.

    The exit status is 1 when something is damaged.
    """
    checked = call_engine(lambda client: client.verify(run))
    if json:
        print_json(checked)
    else:
        for found in checked:
            print_stdout(
                f"{'ok     ' if found['ok'] else 'DAMAGED'}  {found['path']}  {found['text']}".rstrip()
            )
        if not checked:
            print_stdout("There are no checkpoints, and no event is damaged.")
    if not all(found["ok"] for found in checked):
        sys.exit(1)
