"""`dltui rm --older-than 30d`: runs that ended long ago, shown with their sizes before they are removed."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import RunSummary, Status
from engine.sweep_protocol import SweepStatus
from tui.cli.engine_call import call_engine, confirm, fail, print_json, print_stderr
from tui.cli.ls import fail_on_unknown_name, read_all_rows
from tui.cli.removal import print_removal
from tui.data.run_text import age_since
from tui.data.value_text import aligned, plural
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

LISTED = 40
"""runs listed; the largest ones"""
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
UNFINISHED = (SweepStatus.RUNNING, SweepStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class OldRuns:
    """The runs to remove, the largest first, and how many older ones stay for which reason."""

    runs: tuple[RunSummary, ...]
    kept: Mapping[str, int]

    @property
    def bytes(self) -> int:
        return sum(run.disk for run in self.runs)


def seconds_of_age(text: str) -> float:
    """The seconds of `30d`, `12h` or `1w2d`. Raises InputError."""
    found = _PART.findall(text.strip().lower())
    if not found or "".join(map("".join, found)) != text.strip().lower():
        raise InputError(f"--older-than: expected an age such as 30d, 12h or 2w, got {text[:40]!r}.")
    return sum(float(number) * _SECONDS[unit] for number, unit in found)


def choose_old(
    found: Sequence[RunSummary], before: float, parents: Collection[str], sweeps: Collection[str]
) -> OldRuns:
    """Of these runs those that ended before a time, in seconds since 1970.

    Runs that have not ended, `parents` of other runs and trials of `sweeps` are kept.
    """
    chosen, kept = list[RunSummary](), dict[str, int]()
    for run in found:
        why = _why_kept(run, before, parents, sweeps)
        if not why:
            chosen.append(run)
        elif why != _TOO_YOUNG:
            kept[why] = kept.get(why, 0) + 1
    return OldRuns(tuple(sorted(chosen, key=lambda run: -run.disk)), kept)


_TOO_YOUNG = "ended later"


def _why_kept(run: RunSummary, before: float, parents: Collection[str], sweeps: Collection[str]) -> str:
    if not run.status.is_final or run.status is Status.DAMAGED:
        return str(run.status)
    if run.id in parents:
        return "other runs began with it"
    if run.spec.sweep in sweeps:
        return "trial of a sweep that has not ended"
    ended = run.ended_at if run.ended_at is not None else run.spec.created_at
    return _TOO_YOUNG if ended > before else ""


async def find_old(client: Client, seconds: float, where: str) -> OldRuns:
    """Those that pass the filter too."""
    age = f"age>{seconds:.0f}s"
    page = await read_all_rows(client, f"({where}) and {age}" if where else age)
    fail_on_unknown_name(page)
    children = await read_all_rows(client, "parent~.")
    parents = {run.spec.parent.run for run in children.runs if run.spec.parent is not None}
    sweeps = {sweep.spec.id for sweep in await client.sweeps() if sweep.status in UNFINISHED}
    return choose_old(page.runs, time.time() - seconds, parents, sweeps)


def remove_old(older_than: str, where: str, yes: bool, now: bool, json: bool) -> None:
    """Show what would be removed with its total, ask, then remove it."""
    try:
        seconds = seconds_of_age(older_than)
    except InputError as error:
        fail(error)
    found = call_engine(lambda client: find_old(client, seconds, where))
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
