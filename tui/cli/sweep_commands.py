"""`dltui sweep`: the group of commands on sweeps; an experiment instead of a command starts one."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from tui.cli import sweep, sweep_control, sweep_table
from tui.cli.usage_text import Verb

HELP = ("-h", "--help")
HELP_TEXT = """Start, follow and change sweeps.

Start one: dltui sweep EXPERIMENT --axis AXIS [OPTIONS], for instance

\b
    dltui sweep xor --axis 'lr=0.1,0.01' --axis 'hidden=1..4'
    dltui sweep mnist --axis 'lr=0.0003..0.01 log' --sampler tpe --trials 20"""


class SweepGroup(TyperGroup):
    """A first argument that is no command starts a sweep: `dltui sweep xor --axis 'lr=0.1,0.01'`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in HELP:
            args = ["start", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options and commands of the group, and the options of starting a sweep."""
        super().format_options(ctx, formatter)
        start = self.commands["start"]
        records = [param.get_help_record(ctx) for param in start.get_params(ctx)]
        with formatter.section("Options of a start"):
            formatter.write_dl([record for record in records if record and "--help" not in record[0]])


app = typer.Typer(
    cls=SweepGroup,
    help=HELP_TEXT,
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
