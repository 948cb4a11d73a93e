"""`dltui sweep`: an experiment starts one, a word looks at them or changes them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from tui.verbs import sweep, sweep_control, sweep_table

HELP = ("-h", "--help")


class SweepGroup(TyperGroup):
    """What is no word of the table starts a sweep: `dltui sweep xor --axis 'lr=0.1,0.01'`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in HELP:
            args = ["start", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SweepGroup,
    help="Hyper-parameters: dltui sweep EXPERIMENT --axis 'lr=0.1,0.01' starts one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("start")(sweep.start)
app.command("ls")(sweep_table.ls)
app.command("show")(sweep_table.show)
app.command("trials")(sweep_table.trials)
app.command("export")(sweep_table.export)
app.command("analyse")(sweep_table.analyse)
app.command("edit")(sweep_control.edit)
app.command("pause")(sweep_control.pause)
app.command("resume")(sweep_control.resume)
app.command("stop")(sweep_control.stop)
app.command("rm")(sweep_control.rm)
