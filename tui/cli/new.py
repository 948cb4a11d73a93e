"""`dltui new NAME`: a file to begin an experiment of one's own with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.engine_call import exit_on_error, print_stderr, print_stdout


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the experiment and of its file")],
    framework: Annotated[str, typer.Option(help="torch, keras or numpy")] = "torch",
) -> None:
    """Write ./NAME.py, an experiment of your own to begin with."""
    from engine.experiment_files import new_file  # no other command needs it

    with exit_on_error():
        path = new_file.write(Path.cwd(), name, framework)
    print_stdout(path.name)
    print_stderr(f"Train it: dltui run ./{path.name}")
    print_stderr(f"Have it in the app: dltui experiments add ./{path.name}")
