"""The Typer app with all commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tui.cli import (
    analyse,
    annotate,
    compare,
    doctor,
    engine,
    exec_command,
    experiments,
    export,
    guard,
    help,
    import_logs,
    keys,
    language,
    learn,
    logs,
    ls,
    media,
    new,
    notify,
    output,
    plot,
    removal,
    report,
    run,
    run_control,
    sweep_group,
)
from tui.cli.engine_call import print_stderr, print_stdout
from tui.cli.usage_text import Verb, Verbs


def _print_version(is_given: bool) -> None:
    if is_given:
        from importlib import metadata  # no other verb waits for it

        print_stdout(f"dltui {metadata.version('dltui')}")
        raise typer.Exit


app = typer.Typer(
    name="dltui",
    cls=Verbs,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def dltui(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="print the version and exit", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """A deep-learning lab in the terminal. Without a command it opens the app."""
    if context.invoked_subcommand is None:
        print_stderr("The app needs a terminal for its input and its output, and this is none.")
        print_stderr("  Verbs work without one: dltui run, ls, show, plot, ...; all of them: dltui --help")
        sys.exit(2)


app.add_typer(experiments.app, name="experiments")
app.command("run", cls=Verb)(run.run)
app.command("exec", cls=Verb, context_settings={"allow_interspersed_args": False})(exec_command.exec_command)
app.command("new", cls=Verb)(new.new)
app.command("ls", cls=Verb)(ls.ls)
app.command("show", cls=Verb)(ls.show)
app.command("logs", cls=Verb)(logs.logs)
app.command("plot", cls=Verb)(plot.plot)
app.command("media", cls=Verb)(media.media)
app.command("compare", cls=Verb)(compare.compare)
app.command("analyse", cls=Verb)(analyse.analyse)
app.command("export", cls=Verb)(export.export)
app.command("report", cls=Verb)(report.report)
app.command("import", cls=Verb)(import_logs.import_logs)
app.command("pause", cls=Verb)(run_control.pause)
app.command("resume", cls=Verb)(run_control.resume)
app.command("stop", cls=Verb)(run_control.stop)
app.command("set", cls=Verb)(run_control.set_live)
app.command("rename", cls=Verb)(annotate.rename)
app.command("tag", cls=Verb)(annotate.tag)
app.command("note", cls=Verb)(annotate.note)
app.command("rm", cls=Verb)(removal.rm)
app.command("undo", cls=Verb)(removal.undo)
app.command("verify", cls=Verb)(run_control.verify)
app.add_typer(sweep_group.app, name="sweep")
app.add_typer(learn.app, name="learn")
app.add_typer(engine.app, name="engine")
app.command("reindex", cls=Verb)(engine.reindex)
app.command("notify", cls=Verb)(notify.notify)
app.command("track", cls=Verb)(exec_command.track)
app.command("doctor", cls=Verb)(doctor.doctor)
app.command("predict", cls=Verb)(language.predict)
app.command("generate", cls=Verb)(language.generate)
app.command("score", cls=Verb)(language.score)
app.command("both", cls=Verb)(language.both)
app.command("blank", cls=Verb)(language.blank)
app.command("orders", cls=Verb)(language.orders)
app.command("keys", cls=Verb)(keys.keys)
app.command("help", cls=Verb)(help.help_on)


def main() -> None:
    output.install_streams()
    guard.log_background_errors()
    sys.exit(guard.run_command(app))
