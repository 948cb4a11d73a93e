"""`dltui rm`, `undo` and `ls --removed`: removed runs can be brought back for a day."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Annotated

import typer

from engine.errors import InputError
from engine.protocol import Removal, SkippedRun, to_json
from tui.cli import run_control
from tui.cli.engine_call import (
    call_engine,
    confirm,
    fail,
    print_json,
    print_lines,
    print_stderr,
    print_stdout,
)
from tui.cli.ls import AsJson
from tui.cli.run_control import Runs, Where, Yes
from tui.data.value_text import aligned, duration_text, name_and_id, plural
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

DAY = 24 * 3600
Now = Annotated[bool, typer.Option("--now", help="delete permanently, free the space at once")]


OlderThan = Annotated[
    str, typer.Option("--older-than", metavar="AGE", help="all runs that ended so long ago: 30d, 12h, 2w")
]


def rm(
    runs: Runs = None,
    where: Where = "",
    older_than: OlderThan = "",
    yes: Yes = False,
    now: Now = False,
    json: AsJson = False,
) -> None:
    """Remove runs; `undo` brings them back for a day.

    With --now they are deleted at once; --now without a RUN deletes what was removed before. --older-than
    shows the runs and the space they use before it asks, and leaves runs with which others began.
    """
    if older_than:
        from tui.cli.old_runs import remove_old

        if runs:
            fail(InputError("--older-than: expected --where FILTER or nothing beside it, got a RUN."))
        remove_old(older_than, where, yes, now, json)
        return
    if now and not runs and not where:
        _delete_all_removed(yes, json)
        return
    if now and runs and not where and _delete_removed(runs, yes, json):
        return
    selected = run_control.select_runs("remove", runs, where)
    if not selected.runs and json:
        print_json({"runs": [], "left_out": to_json(selected.left_out)})
    run_control.exit_if_none(selected)
    _confirm(selected, yes, now, json)
    removal = call_engine(lambda client: client.remove(*(run.id for run in selected.runs), now=now))
    removed = {item.id for item in removal.items}
    missed = [SkippedRun(run.id, run.spec.name, "it was started meanwhile") for run in selected.runs
              if run.id not in removed]  # fmt: skip
    if json and selected.is_one:
        (item,) = removal.items
        print_json(
            {"id": item.id, "deleted": True, "bytes": item.bytes, "seconds_left": removal.seconds_left}
        )
    elif json:
        print_json({**to_json(removal), "left_out": to_json([*selected.left_out, *missed])})
    else:
        what = removal.items[0].id if len(removal.items) == 1 else plural(len(removal.items), "run")
        print_removal(what, removal)
    if missed or (not where and any(not left.is_so for left in selected.left_out)):
        sys.exit(1)


def _delete_removed(names: Sequence[str], yes: bool, json: bool) -> bool:
    """Delete permanently, where every name is of a removed item; returns False where one is not."""
    found = {key: item for removal in call_engine(lambda client: client.removals()) for item in removal.items
             for key in (item.id, item.name)}  # fmt: skip
    if not all(name in found for name in names):
        return False
    if not (yes or confirm(f"Delete for good {', '.join(found[name].id for name in names)}?")):
        sys.exit(1)
    gone = [_deleted(found[name].id) for name in names]
    if json:
        print_json(to_json([removal for removals in gone for removal in removals]))
    else:
        print_stderr(f"{size(sum(removal.bytes for removals in gone for removal in removals))} are free.")
    return True


def _deleted(run: str) -> list[Removal]:
    return call_engine(lambda client: client.delete_removed(run))


def _confirm(selected: run_control.SelectedRuns, yes: bool, now: bool, json: bool) -> None:
    how = "Delete for good" if now else "Remove"
    if not selected.is_one:
        run_control.confirm_all(selected, f"{how} {plural(len(selected.runs), 'run')}?", yes)
        return
    (run,) = selected.runs
    if not (yes or confirm(f"{how} {name_and_id(run)} with {plural(run.step, 'step')}?")):
        if json:
            print_json({"id": run.id, "deleted": False})
        sys.exit(1)


def _delete_all_removed(yes: bool, json: bool) -> None:
    found = call_engine(lambda client: client.removals())
    total = sum(removal.bytes for removal in found)
    count = sum(len(removal.items) for removal in found)
    if found and not (yes or confirm(f"Delete for good {count} runs and sweeps, {size(total)}?")):
        sys.exit(1)
    deleted = call_engine(lambda client: client.delete_removed()) if found else []
    if json:
        print_json(to_json(deleted))
    else:
        print_stderr(f"{size(total)} are free." if deleted else "Nothing was removed that could be deleted.")


def undo(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="run or sweep (default: the last removal)")
    ] = "",
    json: AsJson = False,
) -> None:
    """Bring back what was removed last, or RUN."""
    back = call_engine(lambda client: client.undo(run))
    if json:
        print_json(to_json(back))
        return
    for item in back.items:
        print_stdout(f"{item.id}  {item.status}: brought back")


def ls_removed(json: bool) -> None:
    """Print what can be brought back, the last removal first."""
    found = call_engine(lambda client: client.removals())
    if json:
        print_json(to_json(found))
        return
    if not found:
        print_stdout("Nothing was removed that could be brought back.")
        return
    head = ("REMOVED", "WHAT", "ID", "NAME", "STATUS", "SIZE", "DELETED")
    print_lines(aligned([head, *(row for removal in found for row in _rows(removal))]))
    print_stdout("dltui undo brings back the first of them; --now deletes: dltui rm --now")


def _rows(removal: Removal) -> Sequence[tuple[str, ...]]:
    ago = f"{duration_text(time.time() - removal.at)} ago"
    return [
        (ago, item.kind, item.id, plain(item.name), item.status, size(item.bytes), when(removal.seconds_left))
        for item in removal.items
    ]


def print_removal(what: str, removal: Removal) -> None:
    if not removal.seconds_left:
        print_stderr(f"Deleted {what}: {size(removal.bytes)} are free.")
        return
    print_stderr(
        f"Removed {what}: {size(removal.bytes)}, free {when(removal.seconds_left)}; now: --now. "
        "Back: dltui undo"
    )


def when(seconds: float) -> str:
    """`tomorrow` or `in 5h00m`, in running time of the engine."""
    return "tomorrow" if seconds > DAY - 3600 else f"in {duration_text(seconds)}"
