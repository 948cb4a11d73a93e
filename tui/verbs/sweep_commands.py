"""`dltui sweep`: an experiment starts one, a word looks at them or changes them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from tui.verbs import sweep, sweep_control, sweep_table
from tui.verbs.verb import Verb

HELP = ("-h", "--help")


class SweepGroup(TyperGroup):
    """What is no word of the table starts a sweep: `dltui sweep xor --axis 'lr=0.1,0.01'`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in HELP:
            args = ["start", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SweepGroup,
    help="Start, follow and change sweeps.\n\ndltui sweep EXPERIMENT --axis 'lr=0.1,0.01' starts one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("start", cls=Verb)(sweep.start)
app.command("ls", cls=Verb)(sweep_table.ls)
app.command("show", cls=Verb)(sweep_table.show)
app.command("trials", cls=Verb)(sweep_table.trials)
app.command("export", cls=Verb)(sweep_table.export)
app.command("analyse", cls=Verb)(sweep_table.analyse)
app.command("edit", cls=Verb)(sweep_control.edit)
app.command("pause", cls=Verb)(sweep_control.pause)
app.command("resume", cls=Verb)(sweep_control.resume)
app.command("stop", cls=Verb)(sweep_control.stop)
app.command("rm", cls=Verb)(sweep_control.rm)
