"""`dltui pause`, `resume`, `stop`, `set`, `rm`, `verify`: the words that go to a run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from engine.protocol import RunSummary, summary_to_json
from tui.verbs.ask import ask, is_confirmed, say, say_json, tell
from tui.verbs.look import AsJson, Run
from tui.verbs.words import counted, named, why


def pause(run: Run, json: AsJson = False) -> None:
    """Write a checkpoint, end the process, free the GPU; `resume` goes on bit for bit."""
    _report(ask(lambda client: client.pause(run)), json)


def resume(
    run: Run,
    fast: Annotated[
        bool, typer.Option("--fast", help="go on even where the result is only statistically equal")
    ] = False,
    json: AsJson = False,
) -> None:
    """Go on from the newest intact checkpoint."""
    _report(ask(lambda client: client.resume(run, "fast" if fast else "strict")), json)


def stop(run: Run, json: AsJson = False) -> None:
    """Write a checkpoint and end the run."""
    _report(ask(lambda client: client.stop(run)), json)


def set_live(
    run: Run,
    setting: Annotated[str, typer.Argument(metavar="NAME=VALUE", help="such as lr=0.01")],
    json: AsJson = False,
) -> None:
    """Change a live hyper-parameter of a running run."""
    name, equals, value = setting.partition("=")
    if not equals:
        tell(f"Expected name=value such as lr=0.01, got {setting[:80]!r}.")
        sys.exit(2)
    _report(ask(lambda client: client.set(run, name.strip(), value.strip())), json)


def rm(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    json: AsJson = False,
) -> None:
    """Delete a run: its curves, its log and its checkpoints."""
    found = ask(lambda client: client.show(run))
    lost = f"{counted(found.step, 'step')} and {counted(len(found.checkpoints), 'checkpoint')}"
    deleted = yes or is_confirmed(f"Delete {named(found)} with {lost}?")
    if deleted:
        ask(lambda client: client.remove(found.id))
    if json:
        say_json({"id": found.id, "deleted": deleted})
    elif deleted:
        tell(f"{named(found)} is deleted.")
    if not deleted:
        sys.exit(1)


def verify(
    run: Annotated[str, typer.Argument(metavar="RUN", help="all runs when left out")] = "",
    json: AsJson = False,
) -> None:
    """Hash every checkpoint anew; exit status 1 when one is damaged."""
    checked = ask(lambda client: client.verify(run))
    if json:
        say_json(checked)
    else:
        for found in checked:
            say(f"{'ok     ' if found['ok'] else 'DAMAGED'}  {found['path']}  {found['text']}".rstrip())
        if not checked:
            say("There are no checkpoints.")
    if not all(found["ok"] for found in checked):
        sys.exit(1)


def _report(run: RunSummary, json: bool) -> None:
    if json:
        say_json(summary_to_json(run))
    else:
        reason = why(run)
        say(f"{run.id}  {run.status}{': ' + reason if reason else ''}")
