"""The table of commands, as Typer needs it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tui.verbs import (
    both_ways,
    compare,
    control,
    curves,
    doctor,
    engine,
    experiments,
    guard,
    language,
    logs,
    look,
    plot,
    removal,
    report,
    run,
    streams,
    sweep_commands,
)
from tui.verbs.ask import say, tell


def _say_version(is_asked: bool) -> None:
    if is_asked:
        from importlib import metadata  # no other verb waits for it

        say(f"dltui {metadata.version('dltui')}")
        raise typer.Exit


app = typer.Typer(
    name="dltui",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def dltui(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """A deep-learning lab in the terminal. Without a command it opens the app."""
    if context.invoked_subcommand is None:
        tell("The app needs a terminal for its input and its output, and this is none.")
        tell("  Verbs work without one: dltui run, ls, show, plot, ...; all of them: dltui --help")
        sys.exit(2)


app.command("experiments")(experiments.experiments)
app.command("run")(run.run)
app.command("ls")(look.ls)
app.command("show")(look.show)
app.command("logs")(logs.logs)
app.command("plot")(plot.plot)
app.command("compare")(compare.compare)
app.command("export")(curves.export)
app.command("report")(report.report)
app.command("pause")(control.pause)
app.command("resume")(control.resume)
app.command("stop")(control.stop)
app.command("set")(control.set_live)
app.command("rm")(removal.rm)
app.command("undo")(removal.undo)
app.command("verify")(control.verify)
app.add_typer(sweep_commands.app, name="sweep")
app.add_typer(engine.app, name="engine")
app.command("reindex")(engine.reindex)
app.command("doctor")(doctor.doctor)
app.command("predict")(language.predict)
app.command("generate")(language.generate)
app.command("score")(language.score)
app.command("both")(both_ways.both)
app.command("blank")(both_ways.blank)
app.command("orders")(both_ways.orders)


def main() -> None:
    streams.prepare()
    guard.keep_background_faults()
    sys.exit(guard.status_of(app))
