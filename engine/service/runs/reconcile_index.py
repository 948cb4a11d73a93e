"""Reconcile the index with the run folders: new runs, missing ones, those that changed without a service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from engine import files, store
from engine.errors import CorruptRun
from engine.places import Places
from engine.protocol import Json, RunSummary
from engine.service.index.index import Index
from engine.service.index.index_rows import IndexRow, row_of
from engine.service.runs import read_run_folder
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.tracked_run import TrackedRun

BATCH = 100
PAGE = 1000
"""rows per query, so that other queries of the index can run in between"""


async def sync(registry: RunRegistry) -> list[str]:
    """Drop the runs whose folder is missing and load the unsettled ones; returns the ids new to the index."""
    unindexed: set[str] = set()
    if not registry.index_thread.stamp or registry.index_thread.stamp != folder_stamp(registry.places):
        unindexed = set(await asyncio.to_thread(store.list_ids, registry.places))
        gone = await registry.index_thread.call(Index.remove_known, unindexed)
        if gone:
            await registry.index_thread.drop(gone)
    for run_id in await registry.index_thread.call(Index.unsettled):
        row = await registry.index_thread.call(Index.get, run_id)
        if row is not None and registry.get(run_id) is None:
            await _load(registry, run_id, row.tail)
    return sorted(unindexed, reverse=True)


def folder_stamp(places: Places) -> str:
    """Identity and mtime of the folder of all runs, which changes with each run that is made or removed."""
    try:
        found = os.stat(places.runs)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}"


async def _load(registry: RunRegistry, run_id: str, tail: Json) -> None:
    """Load a run that was unsettled, or could not be read, the last time."""
    try:
        run = await asyncio.to_thread(read_run_folder.load, registry.places, run_id, tail)
    except CorruptRun:
        await index_runs(registry, [run_id])
    else:
        registry.add(run)


async def index_runs(registry: RunRegistry, run_ids: Sequence[str]) -> None:
    """Read these run folders into the index, in the order given."""
    for at in range(0, len(run_ids), BATCH):
        found = await asyncio.to_thread(_read_all, registry.places, run_ids[at : at + BATCH])
        unsettled = [run for run in found if isinstance(run, TrackedRun) and run.is_unsettled]
        await registry.index_thread.write_rows([_row(run) for run in found if run not in unsettled])
        for run in unsettled:
            if registry.get(run.id) is None:
                await registry.index_thread.write(run.summary(), run.tail())
                registry.add(run)


def _read_all(places: Places, run_ids: Sequence[str]) -> list[TrackedRun | RunSummary]:
    return [read_run_folder.read_or_damaged(places, run_id) for run_id in run_ids]


def _row(run: TrackedRun | RunSummary) -> IndexRow:
    return row_of(run.summary(), run.tail()) if isinstance(run, TrackedRun) else row_of(run, {})


async def reload_truncated(registry: RunRegistry) -> None:
    """Read again the folders of settled runs whose event file became shorter."""
    after = 0
    while found := await registry.index_thread.call(Index.offsets, after, PAGE):
        after = found[-1][0]
        for run_id in await asyncio.to_thread(_truncated, registry.places, found):
            await registry.summary_now(run_id)


def _truncated(places: Places, found: Sequence[tuple[int, str, int]]) -> list[str]:
    sizes = [(run_id, files.size_of(store.folder_of(places, run_id).events), end) for _, run_id, end in found]
    return [run_id for run_id, size, end in sizes if size < end]
