"""The table of commands, as Typer needs it."""

from __future__ import annotations

import typer

from tui.verbs import (
    both_ways,
    control,
    curves,
    doctor,
    engine,
    experiments,
    language,
    look,
    report,
    run,
    sweep_commands,
)
from tui.verbs.ask import leave_quietly_on_closed_pipe

app = typer.Typer(
    name="dltui",
    help="A deep-learning lab in the terminal. Without a command it opens the app.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("experiments")(experiments.experiments)
app.command("run")(run.run)
app.command("ls")(look.ls)
app.command("show")(look.show)
app.command("logs")(look.logs)
app.command("plot")(curves.plot)
app.command("compare")(look.compare)
app.command("export")(curves.export)
app.command("report")(report.report)
app.command("pause")(control.pause)
app.command("resume")(control.resume)
app.command("stop")(control.stop)
app.command("set")(control.set_live)
app.command("rm")(control.rm)
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
    leave_quietly_on_closed_pipe()
    app()
