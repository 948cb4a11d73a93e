"""The index against the run folders: what is new, what is gone, what moved while no service looked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import store
from engine.errors import CorruptRun
from engine.places import Places
from engine.protocol import Json, RunSummary
from engine.service.index.index import Index, IndexRow, row_of
from engine.service.runs import run_folder
from engine.service.runs.registry import RunRegistry
from engine.service.runs.tracked_run import TrackedRun

BATCH = 100
SIZES = 1000
"""files whose size is looked at between two other things that the index is asked"""


async def settle(registry: RunRegistry) -> list[str]:
    """Forget the runs whose folder is gone, take up those that may move; the ids new to the index."""
    strangers: set[str] = set()
    if not registry.index_thread.stamp or registry.index_thread.stamp != stamp(registry.places):
        strangers = set(await asyncio.to_thread(store.list_ids, registry.places))
        gone = await registry.index_thread.ask(Index.compare, strangers)
        if gone:
            await registry.index_thread.drop(gone)
    for run_id in await registry.index_thread.ask(Index.unsettled):
        row = await registry.index_thread.ask(Index.get, run_id)
        if row is not None and registry.get(run_id) is None:
            await _take_up(registry, run_id, row.tail)
    return sorted(strangers, reverse=True)


def stamp(places: Places) -> str:
    """Of the folder of all runs: it changes with each run that is made or removed."""
    try:
        found = os.stat(places.runs)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}"


async def _take_up(registry: RunRegistry, run_id: str, tail: Json) -> None:
    """A run that may have moved, or that could not be read the last time."""
    try:
        run = await asyncio.to_thread(run_folder.load, registry.places, run_id, tail)
    except CorruptRun:
        await enter(registry, [run_id])
    else:
        registry.add(run)


async def enter(registry: RunRegistry, run_ids: Sequence[str]) -> None:
    """Read these run folders into the index, in the order given."""
    for batch in _batches(run_ids):
        found = await asyncio.to_thread(_read_all, registry.places, batch)
        moving = [run for run in found if isinstance(run, TrackedRun) and run.may_move]
        await registry.index_thread.fill([_row(run) for run in found if run not in moving])
        for run in moving:
            if registry.get(run.id) is None:
                await registry.index_thread.enter(run.summary(), run.tail())
                registry.add(run)


def _read_all(places: Places, run_ids: Sequence[str]) -> list[TrackedRun | RunSummary]:
    return [run_folder.look(places, run_id) for run_id in run_ids]


def _row(run: TrackedRun | RunSummary) -> IndexRow:
    return row_of(run.summary(), run.tail()) if isinstance(run, TrackedRun) else row_of(run, {})


async def look_for_cuts(registry: RunRegistry) -> None:
    """Runs that rest and whose events became shorter than they were: their folders are read again."""
    after = 0
    while found := await registry.index_thread.ask(Index.offsets, after, SIZES):
        after = found[-1][0]
        for run_id in await asyncio.to_thread(_cut, registry.places, found):
            await registry.summary_now(run_id)


def _cut(places: Places, found: Sequence[tuple[int, str, int]]) -> list[str]:
    return [run_id for _, run_id, offset in found if _size(store.folder_of(places, run_id).events) < offset]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _batches(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (run_ids[at : at + BATCH] for at in range(0, len(run_ids), BATCH))
