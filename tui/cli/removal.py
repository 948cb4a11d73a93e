"""`dltui rm`, `undo` and `ls --removed`: what is removed can be brought back for a day."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from engine.protocol import Removal, SkippedRun, removal_to_json
from tui.cli import many_runs
from tui.cli.engine_call import ask, is_confirmed, say, say_json, tell
from tui.cli.ls import AsJson
from tui.cli.many_runs import Runs, Where, Yes
from tui.data.value_text import columns, counted, named, span
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

DAY = 24 * 3600
Now = Annotated[bool, typer.Option("--now", help="delete permanently, free the space at once")]


def rm(
    runs: Runs = None, where: Where = "", yes: Yes = False, now: Now = False, json: AsJson = False
) -> None:
    """Remove runs; `undo` brings them back for a day.

    With --now they are deleted at once; --now without a RUN deletes what was removed before.
    """
    if now and not runs and not where:
        _empty(yes, json)
        return
    if now and runs and not where and _delete_removed(runs, yes, json):
        return
    meant = many_runs.choose("remove", runs, where)
    if not meant.runs and json:
        say_json({"runs": [], "left_out": [asdict(left) for left in meant.left_out]})
    many_runs.end_where_nothing_is_left(meant)
    _ask_about(meant, yes, now, json)
    removal = ask(lambda client: client.remove(*(run.id for run in meant.runs), now=now))
    removed = {item.id for item in removal.items}
    missed = [SkippedRun(run.id, run.spec.name, "it was started meanwhile") for run in meant.runs
              if run.id not in removed]  # fmt: skip
    if json and meant.is_one:
        (item,) = removal.items
        say_json({"id": item.id, "deleted": True, "bytes": item.bytes, "seconds_left": removal.seconds_left})
    elif json:
        left_out = [asdict(left) for left in (*meant.left_out, *missed)]
        say_json({**removal_to_json(removal), "left_out": left_out})
    else:
        what = removal.items[0].id if len(removal.items) == 1 else counted(len(removal.items), "run")
        tell_removed(what, removal)
    if missed or (not where and any(not left.is_so for left in meant.left_out)):
        sys.exit(1)


def _delete_removed(names: Sequence[str], yes: bool, json: bool) -> bool:
    """For good, where every name is of something that was removed before; False where one is not."""
    found = {key: item for removal in ask(lambda client: client.removals()) for item in removal.items
             for key in (item.id, item.name)}  # fmt: skip
    if not all(name in found for name in names):
        return False
    if not (yes or is_confirmed(f"Delete for good {', '.join(found[name].id for name in names)}?")):
        sys.exit(1)
    gone = [_deleted(found[name].id) for name in names]
    if json:
        say_json([removal_to_json(removal) for removals in gone for removal in removals])
    else:
        tell(f"{size(sum(removal.bytes for removals in gone for removal in removals))} are free.")
    return True


def _deleted(run: str) -> list[Removal]:
    return ask(lambda client: client.delete_removed(run))


def _ask_about(meant: many_runs.Meant, yes: bool, now: bool, json: bool) -> None:
    how = "Delete for good" if now else "Remove"
    if not meant.is_one:
        many_runs.agreed(meant, f"{how} {counted(len(meant.runs), 'run')}?", yes)
        return
    (run,) = meant.runs
    if not (yes or is_confirmed(f"{how} {named(run)} with {counted(run.step, 'step')}?")):
        if json:
            say_json({"id": run.id, "deleted": False})
        sys.exit(1)


def _empty(yes: bool, json: bool) -> None:
    found = ask(lambda client: client.removals())
    total = sum(removal.bytes for removal in found)
    count = sum(len(removal.items) for removal in found)
    if found and not (yes or is_confirmed(f"Delete for good {count} runs and sweeps, {size(total)}?")):
        sys.exit(1)
    deleted = ask(lambda client: client.delete_removed()) if found else []
    if json:
        say_json([removal_to_json(removal) for removal in deleted])
    else:
        tell(f"{size(total)} are free." if deleted else "Nothing was removed that could be deleted.")


def undo(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="run or sweep (default: the last removal)")
    ] = "",
    json: AsJson = False,
) -> None:
    """Bring back what was removed last, or RUN."""
    back = ask(lambda client: client.undo(run))
    if json:
        say_json(removal_to_json(back))
        return
    for item in back.items:
        say(f"{item.id}  {item.status}: brought back")


def ls_removed(json: bool) -> None:
    """What can be brought back, the last removal first."""
    found = ask(lambda client: client.removals())
    if json:
        say_json([removal_to_json(removal) for removal in found])
        return
    if not found:
        say("Nothing was removed that could be brought back.")
        return
    head = ("REMOVED", "WHAT", "ID", "NAME", "STATUS", "SIZE", "DELETED")
    for line in columns([head, *(row for removal in found for row in _rows(removal))]):
        say(line)
    say("dltui undo brings back the first of them; --now deletes: dltui rm --now")


def _rows(removal: Removal) -> Sequence[tuple[str, ...]]:
    ago = f"{span(time.time() - removal.at)} ago"
    return [
        (ago, item.kind, item.id, plain(item.name), item.status, size(item.bytes), when(removal.seconds_left))
        for item in removal.items
    ]


def tell_removed(what: str, removal: Removal) -> None:
    if not removal.seconds_left:
        tell(f"Deleted {what}: {size(removal.bytes)} are free.")
        return
    tell(
        f"Removed {what}: {size(removal.bytes)}, free {when(removal.seconds_left)}; now: --now. "
        "Back: dltui undo"
    )


def when(seconds: float) -> str:
    """tomorrow, in 5h00m: of running time of the engine."""
    return "tomorrow" if seconds > DAY - 3600 else f"in {span(seconds)}"
