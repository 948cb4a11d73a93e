"""Runs that ended long ago, to be removed: which ones, and which older ones stay for which reason."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import RunSummary, Status
from engine.sweep_protocol import SweepStatus
from engine.table_protocol import Page, Query

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
PAGE = 1000
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
        raise InputError(f"age: expected one such as 30d, 12h or 2w, got {text[:40]!r}.")
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


async def find_old(client: Client, seconds: float, where: str) -> tuple[OldRuns, Page]:
    """Those that pass the filter too; the page says which names of the filter no run has."""
    age = f"age>{seconds:.0f}s"
    page = await read_all(client, f"({where}) and {age}" if where else age)
    children = await read_all(client, "parent~.")
    parents = {run.spec.parent.run for run in children.runs if run.spec.parent is not None}
    sweeps = {sweep.spec.id for sweep in await client.sweeps() if sweep.status in UNFINISHED}
    return choose_old(page.runs, time.time() - seconds, parents, sweeps), page


async def read_all(client: Client, where: str) -> Page:
    """All runs that pass the filter, fetched page by page."""
    page = await client.runs(Query(where, limit=PAGE))
    runs = {run.id: run for run in page.runs}
    while len(runs) < page.matching:
        more = (await client.runs(Query(where, offset=len(runs), limit=PAGE))).runs
        if not {run.id for run in more} - runs.keys():
            break
        runs |= {run.id: run for run in more}
    return replace(page, runs=tuple(runs.values()))
