"""A verb for several runs: which are meant, one question about all of them, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import DltuiError, InputError
from engine.protocol import Query, RunSummary, SkippedRun
from tui.cli.completion import complete_run
from tui.cli.engine_call import ask, fail, is_confirmed, say, say_json, tell
from tui.cli.ls import refuse_unknown
from tui.data.value_text import counted, run_json, why
from tui.terminal.plain_text import plain

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="run: id, unique prefix, name, or @last", autocompletion=complete_run),
]
Where = Annotated[
    str, typer.Option("--where", metavar="FILTER", help="all runs that pass this filter, as in ls")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask for confirmation")]
LISTED = 12
"""lines of a question"""


@dataclass(frozen=True, slots=True)
class Meant:
    """The runs that a verb is for."""

    named: tuple[str, ...]
    where: str
    runs: tuple[RunSummary, ...]
    left_out: tuple[SkippedRun, ...]

    @property
    def is_one(self) -> bool:
        """One run, named: as if there were no others."""
        return len(self.named) == 1 and not self.where


def choose(verb: str, named: Sequence[str] | None, where: str) -> Meant:
    """Exits when nothing is meant, or when a run that is named does not exist."""
    names = tuple(named or ())
    if not names and not where:
        fail(InputError("Expected a RUN or --where FILTER, got neither."))
    if where:
        refuse_unknown(ask(lambda client: client.runs(Query(where, limit=1))))
    runs, left_out = ask(lambda client: client.applicable(verb, names, where))
    return Meant(names, where, tuple(runs), tuple(left_out))


def agreed(meant: Meant, question: str, yes: bool) -> None:
    """Say what will happen and what is left out; exits with 1 unless the person agrees."""
    for run in meant.runs[:LISTED]:
        tell(f"  {run.id}  {plain(run.spec.name)}  {run.status}")
    if len(meant.runs) > LISTED:
        tell(f"  and {len(meant.runs) - LISTED} more")
    say_left_out(meant)
    if not (yes or is_confirmed(question)):
        sys.exit(1)


def say_left_out(meant: Meant) -> None:
    for left in meant.left_out[:LISTED]:
        tell(f"  left out: {left.why}")
    if len(meant.left_out) > LISTED:
        tell(f"  left out: {len(meant.left_out) - LISTED} more")


def end_where_nothing_is_left(meant: Meant) -> None:
    """Exits with 0 when all of it is so already or no run passes the filter, with 1 when nothing can be."""
    if meant.runs:
        return
    if not meant.left_out:
        tell(f"No run passes the filter {meant.where[:80]!r}.")
    say_left_out(meant)
    sys.exit(0 if all(left.is_so for left in meant.left_out) else 1)


def carry_out(
    verb: str,
    named: Sequence[str] | None,
    where: str,
    yes: bool,
    json: bool,
    act: Callable[[Client, str], Awaitable[RunSummary]],
) -> None:
    """Do `act` to each run: one that is named at once, several after a question.

    The exit status is 1 when a run that was named, or that passed the filter and could be acted on, was not.
    """
    if named and len(named) == 1 and not where:
        run = ask(lambda client: act(client, named[0]))
        say_json(run_json(run)) if json else say_state(run)
        return
    meant = choose(verb, named, where)
    if not meant.runs and json:
        say_json({"runs": [], "left_out": [asdict(left) for left in meant.left_out]})
    end_where_nothing_is_left(meant)
    agreed(meant, f"{verb.capitalize()} {counted(len(meant.runs), 'run')}?", yes)
    done, failed = ask(lambda client: _each(client, meant.runs, act))
    if json:
        left_out = [asdict(left) for left in (*meant.left_out, *failed)]
        say_json({"runs": [run_json(run) for run in done], "left_out": left_out})
    else:
        for run in done:
            say_state(run)
        for left in failed:
            tell(f"{left.name}: {left.why}")
    refused = [left for left in meant.left_out if not left.is_so and not where]
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


def say_state(run: RunSummary) -> None:
    reason = why(run)
    say(f"{run.id}  {run.status}{': ' + reason if reason else ''}")
