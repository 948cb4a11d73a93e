"""All runs: the unsettled ones in memory, the others in the index."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine import store
from engine.errors import RunNotFound
from engine.places import Places
from engine.protocol import RunSummary, Status, summary_from_json, summary_to_json
from engine.service.index.index import Index
from engine.service.index.index_thread import IndexThread
from engine.service.runs import read_run_folder, system_stats
from engine.service.runs.tracked_run import TrackedRun
from engine.service.server.changes import ChangeFeed
from engine.store import Annotations

MAX_CANDIDATES = 5
"""candidates that an error names when several runs match"""


class RunRegistry:
    def __init__(self, places: Places, index_thread: IndexThread, change_feed: ChangeFeed) -> None:
        self.places = places
        self.index_thread = index_thread
        self.change_feed = change_feed
        self.growing: set[str] = set()
        """ids of imported runs whose log is being read or followed"""
        self.reading: set[str] = set()
        """of these, those that are behind their log"""
        self._unsettled: dict[str, TrackedRun] = {}
        self._published: dict[str, RunSummary] = {}

    def unsettled(self) -> list[TrackedRun]:
        """All runs that are queued or active."""
        return list(self._unsettled.values())

    def get(self, run_id: str) -> TrackedRun | None:
        return self._unsettled.get(run_id)

    def add(self, run: TrackedRun) -> None:
        self._unsettled[run.id] = run
        self.publish(run)

    def publish(self, run: TrackedRun) -> None:
        """Send the summary to clients and to the index, if it changed."""
        summary = run.summary()
        published = self._published.get(run.id)
        if summary == published:
            return
        self._published[run.id] = summary
        self.change_feed.publish(summary)
        self.index_thread.enqueue(summary, run.tail())

    def settle(self, run: TrackedRun) -> None:
        """Publish the run and drop it from memory: it does not change until a request."""
        self.publish(run)
        self.forget(run.id)

    def forget(self, run_id: str) -> None:
        self._unsettled.pop(run_id, None)
        self._published.pop(run_id, None)

    async def remove(self, run_id: str) -> None:
        """Drop a run whose folder is gone, from memory and index, and publish that."""
        self.forget(run_id)
        await self.index_thread.drop([run_id])
        self.change_feed.publish_removal(run_id)

    async def find(self, run: object) -> str:
        """The id of the one run with that id, start of an id, last four characters of an id, name, or @last.

        Raises RunNotFound naming the candidates.
        """
        if not isinstance(run, str) or not run:
            raise RunNotFound(f"Expected the id or the name of a run, got {str(run)[:80]!r}.")
        if run == "@last":
            newest = await self.index_thread.call(Index.newest)
            if newest is None:
                raise RunNotFound("There is no run yet.", "Start one: dltui run xor")
            return newest
        if run in self._unsettled:
            return run
        found = await self.index_thread.call(Index.find_ids, run, MAX_CANDIDATES + 1)
        if not found and run in await asyncio.to_thread(store.list_ids, self.places):
            return run  # not indexed yet
        return _only(run, found)

    async def is_known(self, name: str) -> bool:
        """Whether a run answers to the name."""
        return bool(await self.index_thread.call(Index.find_ids, name, 1))

    async def summary(self, run_id: str) -> RunSummary:
        """Raises RunNotFound."""
        unsettled = self._unsettled.get(run_id)
        if unsettled is not None:
            return unsettled.summary()
        row = await self.index_thread.call(Index.get, run_id)
        if row is not None and row.summary["status"] != Status.DAMAGED:
            return summary_from_json(row.summary)
        if not os.path.lexists(self.places.runs / run_id):
            raise RunNotFound(f"There is no run {run_id[:80]!r}.", "dltui ls shows them all.")
        await self.reload(run_id)
        unsettled = self._unsettled.get(run_id)
        if unsettled is not None:
            return unsettled.summary()
        row = await self.index_thread.call(Index.get, run_id)
        assert row is not None, "it was written just now"
        return summary_from_json(row.summary)

    async def summary_now(self, run_id: str) -> RunSummary:
        """As `summary`, but the folder of a settled run is read again: its files may have been edited.

        Raises RunNotFound.
        """
        known = await self.summary(run_id)
        row = await self.index_thread.call(Index.get, run_id)
        if row is None or not known.status.is_rest or known.status is Status.DAMAGED or self.get(run_id):
            return known
        if known.status is Status.IMPORTED and not await asyncio.to_thread(self._has_events, run_id):
            return known  # the cache of its log was deleted
        tail = None if known.damage else row.tail
        found = await asyncio.to_thread(read_run_folder.read_or_damaged, self.places, run_id, tail)
        if self.get(run_id) or not os.path.lexists(self.places.runs / run_id):
            return await self.summary(run_id)
        if isinstance(found, TrackedRun) and not found.is_unsettled and _is_same(found.summary(), known):
            return known
        await self._track_or_index(found)
        return await self.summary(run_id)

    async def peaks(self, run_id: str) -> Mapping[str, float]:
        """The highest value of each metric of the machine, as far as its events are read."""
        tracked = self.get(run_id)
        if tracked is not None:
            return dict(tracked.stats.system.peaks)
        row = await self.index_thread.call(Index.get, run_id)
        return system_stats.peaks_in(row.tail) if row is not None else {}

    def _has_events(self, run_id: str) -> bool:
        return store.folder_of(self.places, run_id).events.exists()

    async def reload(self, run_id: str) -> None:
        """Read the folder of a run that is not indexed or was damaged: its files may have been repaired."""
        await self._track_or_index(
            await asyncio.to_thread(read_run_folder.read_or_damaged, self.places, run_id)
        )

    async def _track_or_index(self, found: TrackedRun | RunSummary) -> None:
        if isinstance(found, TrackedRun) and found.is_unsettled:
            self.add(found)
            await self.index_thread.write(found.summary(), found.tail())
        elif isinstance(found, TrackedRun):
            await self.index_thread.write(found.summary(), found.tail())
            self.change_feed.publish(found.summary())
        else:
            await self.mark_damaged(found)

    async def annotate(self, run_id: str, annotations: Annotations, name: str) -> RunSummary:
        """Publish what was written to the folder of a run; `name` is the one that it has now."""
        row = await self.index_thread.call(Index.get, run_id)
        run = self._unsettled.get(run_id)
        if run is not None:
            run.annotate(annotations, name)
            self.publish(run)
            await self.index_thread.write(run.summary(), run.tail())
            return run.summary()
        if row is None:
            return await self.summary(run_id)
        known = summary_from_json(row.summary)
        summary = replace(
            known, spec=replace(known.spec, name=name), tags=annotations.tags, note=annotations.note
        )
        await self.index_thread.write(summary, row.tail)
        self.change_feed.publish(summary)
        return summary

    async def mark_damaged(self, run: RunSummary) -> None:
        """List the run as damaged and stop tracking it."""
        self.forget(run.id)
        await self.index_thread.write(run, {})
        self.change_feed.publish(run)

    async def load(self, run_id: str) -> TrackedRun:
        """The run in memory where it is unsettled, else from disk. Raises CorruptRun."""
        unsettled = self._unsettled.get(run_id)
        if unsettled is not None:
            return unsettled
        row = await self.index_thread.call(Index.get, run_id)
        return await asyncio.to_thread(read_run_folder.load, self.places, run_id, row.tail if row else None)

    def active(self) -> list[TrackedRun]:
        """Runs that have a process, or whose keeper is being started."""
        return [run for run in self.unsettled() if run.starting or run.summary().status.is_active]

    async def counts(self) -> dict[str, int]:
        """Runs by status."""
        await self.index_thread.flush()
        return await self.index_thread.call(Index.counts)


def _is_same(one: RunSummary, other: RunSummary) -> bool:
    """Compared as JSON, where NaN equals NaN."""
    return summary_to_json(one) == summary_to_json(other)


def _only(run: str, found: Iterable[str]) -> str:
    ids = list(found)
    if not ids:
        raise RunNotFound(f"No run answers to {run[:80]!r}.", "dltui ls shows them all.")
    if len(ids) > 1:
        more = " and more" if len(ids) > MAX_CANDIDATES else ""
        raise RunNotFound(
            f"Several runs answer to {run[:80]!r}: {', '.join(ids[:MAX_CANDIDATES])}{more}.",
            "Give more of the id.",
        )
    return ids[0]
