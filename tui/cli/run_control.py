"""`dltui pause`, `resume`, `stop`, `set`, `verify`: commands on runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from engine.client import submitted_command
from engine.client.client import Client
from engine.errors import DltuiError, InputError
from engine.protocol import RunSummary, SkippedRun
from engine.table_protocol import Query
from tui.cli.engine_call import (
    call_engine,
    confirm,
    exit_on_error,
    fail,
    print_json,
    print_stderr,
    print_stdout,
)
from tui.cli.ls import AsJson, fail_on_unknown_name
from tui.cli.name_values import split_setting
from tui.cli.shell_completion import complete_run
from tui.data.value_text import plural, reason_text, run_json
from tui.terminal.plain_text import plain

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="run: id, unique prefix, name, or @last", autocompletion=complete_run),
]
Where = Annotated[
    str, typer.Option("--where", metavar="FILTER", help="all runs that pass this filter, as in ls")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask for confirmation")]
DIFF_LINES = 200
LISTED = 12
"""runs listed before a question"""


@dataclass(frozen=True, slots=True)
class SelectedRuns:
    """The runs that a command applies to."""

    named: tuple[str, ...]
    where: str
    runs: tuple[RunSummary, ...]
    left_out: tuple[SkippedRun, ...]

    @property
    def is_one(self) -> bool:
        """Whether exactly one run was named."""
        return len(self.named) == 1 and not self.where


def select_runs(verb: str, named: Sequence[str] | None, where: str) -> SelectedRuns:
    """The runs named or matching the filter. Exits where neither is given or a named run does not exist."""
    names = tuple(named or ())
    if not names and not where:
        fail(InputError("Expected a RUN or --where FILTER, got neither."))
    if where:
        fail_on_unknown_name(call_engine(lambda client: client.runs(Query(where, limit=1))))
    runs, left_out = call_engine(lambda client: client.applicable(verb, names, where))
    return SelectedRuns(names, where, tuple(runs), tuple(left_out))


def confirm_all(selected: SelectedRuns, question: str, yes: bool) -> None:
    """List the runs and those left out, and ask for confirmation; exits with 1 without it."""
    for run in selected.runs[:LISTED]:
        print_stderr(f"  {run.id}  {plain(run.spec.name)}  {run.status}")
    if len(selected.runs) > LISTED:
        print_stderr(f"  and {len(selected.runs) - LISTED} more")
    print_left_out(selected)
    if not (yes or confirm(question)):
        sys.exit(1)


def print_left_out(selected: SelectedRuns) -> None:
    for left in selected.left_out[:LISTED]:
        print_stderr(f"  left out: {left.why}")
    if len(selected.left_out) > LISTED:
        print_stderr(f"  left out: {len(selected.left_out) - LISTED} more")


def exit_if_none(selected: SelectedRuns) -> None:
    """Exit where no run is left: with 0 where all are in that state already or none matches, else with 1."""
    if selected.runs:
        return
    if not selected.left_out:
        print_stderr(f"No run passes the filter {selected.where[:80]!r}.")
    print_left_out(selected)
    sys.exit(0 if all(left.is_so for left in selected.left_out) else 1)


def apply_to_runs(
    verb: str,
    named: Sequence[str] | None,
    where: str,
    yes: bool,
    json: bool,
    act: Callable[[Client, str], Awaitable[RunSummary]],
) -> None:
    """Apply `act` to each run; asks for confirmation unless exactly one was named.

    The exit status is 1 where it failed for a run, or did not apply to a run that was named.
    """
    if named and len(named) == 1 and not where:
        run = call_engine(lambda client: act(client, named[0]))
        print_json(run_json(run)) if json else print_state(run)
        return
    selected = select_runs(verb, named, where)
    if not selected.runs and json:
        print_json({"runs": [], "left_out": [asdict(left) for left in selected.left_out]})
    exit_if_none(selected)
    confirm_all(selected, f"{verb.capitalize()} {plural(len(selected.runs), 'run')}?", yes)
    done, failed = call_engine(lambda client: _each(client, selected.runs, act))
    if json:
        left_out = [asdict(left) for left in (*selected.left_out, *failed)]
        print_json({"runs": [run_json(run) for run in done], "left_out": left_out})
    else:
        for run in done:
            print_state(run)
        for left in failed:
            print_stderr(f"{left.name}: {left.why}")
    refused = [left for left in selected.left_out if not left.is_so and not where]
    if failed or refused:
        sys.exit(1)


async def _each(
    client: Client, runs: Sequence[RunSummary], act: Callable[[Client, str], Awaitable[RunSummary]]
) -> tuple[list[RunSummary], list[SkippedRun]]:
    done: list[RunSummary] = []
    failed: list[SkippedRun] = []
    for run in runs:
        try:
            done.append(await act(client, run.id))
        except DltuiError as error:
            failed.append(SkippedRun(run.id, run.spec.name, str(error)))
    return done, failed


def print_state(run: RunSummary) -> None:
    reason = reason_text(run)
    print_stdout(f"{run.id}  {run.status}{': ' + reason if reason else ''}")


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
    kept: Annotated[
        bool,
        typer.Option("--kept", help="resume with the code that a run keeps, though its file was changed"),
    ] = False,
    where: Where = "",
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Resume runs from the newest intact checkpoint."""
    mode, code = "fast" if fast else "strict", "kept" if kept else ""

    async def act(client: Client, run: str) -> RunSummary:
        try:
            command = (await client.show(run)).spec.command
            held = submitted_command.held_here(command) if command else None
            return await client.resume(run, mode, code=code, withheld=held)
        except DltuiError:
            if mode == "strict" and runs == [run]:
                await _print_changes(client, run)
            raise

    apply_to_runs("resume", runs, where, yes, json, act)


async def _print_changes(client: Client, run: str) -> None:
    """The difference to the code of the run, on stderr; nothing where there is none."""
    with contextlib.suppress(DltuiError):
        found = await client.code(run)
        for line in (found.changed if found else "").splitlines()[:DIFF_LINES]:
            print_stderr(line)


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
    with exit_on_error():
        name, value = split_setting(setting)
    apply_to_runs("set", runs, where, yes, json, lambda client, run: client.set(run, name, value.strip()))


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
