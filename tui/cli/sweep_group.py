"""`dltui sweep`: the group of its commands, and those that change a sweep."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from engine.errors import ParamError
from engine.params import parse_value
from engine.sweep_protocol import PARALLEL, TRIALS, SweepSummary
from tui.cli import sweep, sweep_exec, sweep_table
from tui.cli.engine_call import call_engine, confirm, exit_on_error, print_json, print_stdout
from tui.cli.ls import AsJson
from tui.cli.name_values import split_setting
from tui.cli.removal import Now, print_removal
from tui.cli.run_control import Yes
from tui.cli.sweep_table import Sweep
from tui.cli.usage_text import Verb
from tui.data.sweep_text import sweep_json, trial_counts
from tui.data.value_text import plural as count_of

EDITS = "add K=V..., widen AXIS, pin N, unpin N, stop N, extend N epochs=E, parallel N, trials N"


def pause(sweep: Sweep, json: AsJson = False) -> None:
    """Pause: start no more trials, pause running ones."""
    _report(call_engine(lambda client: client.sweep_edit(sweep, "pause")), json)


def resume(sweep: Sweep, json: AsJson = False) -> None:
    """Resume paused trials and start new ones."""
    _report(call_engine(lambda client: client.sweep_edit(sweep, "resume")), json)


def stop(sweep: Sweep, json: AsJson = False) -> None:
    """Stop: start no more trials, stop running ones."""
    _report(call_engine(lambda client: client.sweep_edit(sweep, "stop")), json)


def edit(
    sweep: Sweep,
    verb: Annotated[str, typer.Argument(metavar="VERB", help=EDITS)],
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD", help="arguments of VERB")] = None,
    json: AsJson = False,
) -> None:
    """Change a sweep: add, widen, pin, stop, extend trials."""
    with exit_on_error():
        method, arguments = _edit_of(verb, words or [])
    _report(call_engine(lambda client: client.sweep_edit(sweep, method, **arguments)), json)


def _edited(word: str) -> tuple[str, str]:
    name, value = split_setting(word)
    return name, value.strip()


def _edit_of(verb: str, words: list[str]) -> tuple[str, dict[str, Any]]:
    if verb == "add":
        return "add", {"params": dict(map(_edited, words))}
    if verb == "widen" and len(words) == 1:
        return "widen", {"axis": words[0]}
    if verb in ("pin", "unpin", "stop") and len(words) == 1:
        arguments: dict[str, Any] = {"trial": _whole(words[0])}
        return ("stop_trial", arguments) if verb == "stop" else ("pin", {**arguments, "on": verb == "pin"})
    if verb in ("parallel", "trials") and len(words) == 1:
        return verb, {"count": parse_value(PARALLEL if verb == "parallel" else TRIALS, words[0])}
    if verb == "extend" and words:
        lengths = {name: _whole(value) for name, value in map(_edited, words[1:])}
        return "extend", {"trial": _whole(words[0]), **lengths}
    raise ParamError(f"Expected one of: {EDITS}; got {' '.join([verb, *words])[:80]!r}.")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ParamError(f"Expected a whole number, got {text[:80]!r}.") from None


def rm(
    sweep: Sweep,
    runs: Annotated[bool, typer.Option("--runs", help="remove the runs of its trials too")] = False,
    yes: Yes = False,
    now: Now = False,
    json: AsJson = False,
) -> None:
    """Remove a sweep; its runs stay unless --runs is given.

    `undo` brings it back for a day.
    """
    found = call_engine(lambda client: client.sweep_show(sweep))
    lost = f" and {count_of(sum(found.counts.values()), 'run')}" if runs else ""
    name = f"{found.spec.name} ({found.id})" if found.spec.name else found.id
    how = "Delete for good" if now else "Remove"
    if not (yes or confirm(f"{how} the sweep {name}{lost}?")):
        if json:
            print_json({"id": found.id, "deleted": False})
        sys.exit(1)
    removal = call_engine(lambda client: client.sweep_remove(found.id, runs=runs, now=now))
    if json:
        print_json(
            {"id": found.id, "deleted": True, "bytes": removal.bytes, "seconds_left": removal.seconds_left}
        )
    else:
        print_removal(name, removal)


def _report(sweep: SweepSummary, json: bool) -> None:
    if json:
        print_json(sweep_json(sweep))
    else:
        print_stdout(
            f"{sweep.id}  {sweep.status}: {trial_counts(sweep)}{'; ' + sweep.why if sweep.why else ''}"
        )
    sys.stdout.flush()


HELP = ("-h", "--help")
HELP_TEXT = """Start, follow and change sweeps.

Start one: dltui sweep EXPERIMENT --axis AXIS [OPTIONS], for instance

\b
    dltui sweep xor --axis 'lr=0.1,0.01' --axis 'hidden=1..4'
    dltui sweep mnist --axis 'lr=0.0003..0.01 log' --sampler tpe --trials 20
    dltui sweep exec --axis 'lr=0.1,0.01' -- python train.py --lr {lr}"""


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
app.command("exec", cls=Verb, context_settings={"allow_interspersed_args": False})(sweep_exec.start)
app.command("ls", cls=Verb)(sweep_table.ls)
app.command("show", cls=Verb)(sweep_table.show)
app.command("trials", cls=Verb)(sweep_table.trials)
app.command("export", cls=Verb)(sweep_table.export)
app.command("analyse", cls=Verb)(sweep_table.analyse)
app.command("edit", cls=Verb)(edit)
app.command("pause", cls=Verb)(pause)
app.command("resume", cls=Verb)(resume)
app.command("stop", cls=Verb)(stop)
app.command("rm", cls=Verb)(rm)
