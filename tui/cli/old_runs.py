"""`dltui rm --older-than 30d`: runs that ended long ago, shown with their sizes before they are removed."""

from __future__ import annotations

import sys

from engine.errors import InputError
from tui.cli.engine_call import call_engine, confirm, fail, print_json, print_stderr
from tui.cli.ls import fail_on_unknown_name
from tui.cli.removal import print_removal
from tui.data.old_runs import OldRuns, find_old, seconds_of_age
from tui.data.run_text import age_since
from tui.data.value_text import aligned, plural
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

LISTED = 40
"""runs listed; the largest ones"""


def remove_old(older_than: str, where: str, yes: bool, now: bool, json: bool) -> None:
    """Show what would be removed with its total, ask, then remove it."""
    try:
        seconds = seconds_of_age(older_than)
    except InputError as error:
        fail(InputError(f"--older-than: {error.message}"))
    found, page = call_engine(lambda client: find_old(client, seconds, where))
    fail_on_unknown_name(page)
    _show(found)
    if not found.runs:
        if json:
            print_json({"runs": [], "bytes": 0, "kept": dict(found.kept)})
        print_stderr(f"No run that ended more than {older_than} ago is to be removed.")
        return
    how = "Delete for good" if now else "Remove"
    if not (yes or confirm(f"{how} {plural(len(found.runs), 'run')}, {size(found.bytes)}?")):
        sys.exit(1)
    removal = call_engine(lambda client: client.remove(*(run.id for run in found.runs), now=now))
    if json:
        runs = [{"id": item.id, "bytes": item.bytes} for item in removal.items]
        print_json({"runs": runs, "bytes": removal.bytes, "kept": dict(found.kept)})
    else:
        print_removal(plural(len(removal.items), "run"), removal)


def _show(found: OldRuns) -> None:
    rows = [("RUN", "NAME", "STATUS", "AGE", "SIZE")] if found.runs else []
    for run in found.runs[:LISTED]:
        age = age_since(run.ended_at or run.spec.created_at)
        used = size(run.disk) if run.disk else "?"
        rows.append((run.id, plain(run.spec.name, limit=40), str(run.status), age, used))
    for line in aligned(rows):
        print_stderr(line)
    if len(found.runs) > LISTED:
        print_stderr(f"and {len(found.runs) - LISTED:,} smaller ones")
    for why, count in found.kept.items():
        print_stderr(f"kept: {plural(count, 'older run')}, {why}")
