"""All runs: those that may move in memory, the others in the ledger."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

from engine import store
from engine.errors import RunNotFound
from engine.places import Places
from engine.protocol import RunSummary, Status, summary_from_json, summary_to_json
from engine.service.index.index import Index
from engine.service.index.index_thread import IndexThread
from engine.service.runs import run_folder
from engine.service.runs.tracked_run import TrackedRun
from engine.service.server.changes import ChangeFeed

SHOWN = 5
"""candidates named when several runs answer to one name"""


class RunRegistry:
    def __init__(self, places: Places, index_thread: IndexThread, board: ChangeFeed) -> None:
        self.places = places
        self.index_thread = index_thread
        self.board = board
        self._moving: dict[str, TrackedRun] = {}
        self._posted: dict[str, RunSummary] = {}

    def moving(self) -> list[TrackedRun]:
        """Every run that is queued or at work."""
        return list(self._moving.values())

    def get(self, run_id: str) -> TrackedRun | None:
        return self._moving.get(run_id)

    def add(self, run: TrackedRun) -> None:
        self._moving[run.id] = run
        self.post(run)

    def post(self, run: TrackedRun) -> None:
        """Tell the board and the ledger, where there is something to tell."""
        summary = run.summary()
        before = self._posted.get(run.id)
        if summary == before:
            return
        self._posted[run.id] = summary
        self.board.post(summary)
        self.index_thread.note(summary, run.tail())

    def rest(self, run: TrackedRun) -> None:
        """Nothing will move any more until somebody asks for it."""
        self.post(run)
        self.forget(run.id)

    def forget(self, run_id: str) -> None:
        self._moving.pop(run_id, None)
        self._posted.pop(run_id, None)

    async def strike(self, run_id: str) -> None:
        """The run folder is gone."""
        self.forget(run_id)
        await self.index_thread.drop([run_id])
        self.board.strike(run_id)

    async def find(self, run: object) -> str:
        """The one run that answers to an id, the start of one, its last four digits, a name or @last.

        Raises RunNotFound naming the candidates.
        """
        if not isinstance(run, str) or not run:
            raise RunNotFound(f"Expected the id or the name of a run, got {str(run)[:80]!r}.")
        if run == "@last":
            newest = await self.index_thread.ask(Index.newest)
            if newest is None:
                raise RunNotFound("There is no run yet.", "Start one: dltui run xor")
            return newest
        if run in self._moving:
            return run
        found = await self.index_thread.ask(Index.named, run, SHOWN + 1)
        if not found and run in await asyncio.to_thread(store.list_ids, self.places):
            return run  # its folder has not been read into the index yet
        return _only(run, found)

    async def summary(self, run_id: str) -> RunSummary:
        """Raises RunNotFound."""
        moving = self._moving.get(run_id)
        if moving is not None:
            return moving.summary()
        row = await self.index_thread.ask(Index.get, run_id)
        if row is not None and row.summary["status"] != Status.DAMAGED:
            return summary_from_json(row.summary)
        if not os.path.lexists(self.places.runs / run_id):
            raise RunNotFound(f"There is no run {run_id[:80]!r}.", "dltui ls shows them all.")
        await self.look_again(run_id)
        moving = self._moving.get(run_id)
        if moving is not None:
            return moving.summary()
        row = await self.index_thread.ask(Index.get, run_id)
        assert row is not None, "it was entered just now"
        return summary_from_json(row.summary)

    async def summary_now(self, run_id: str) -> RunSummary:
        """As `summary`; the folder of a run that rests is looked at: somebody may have edited or damaged it.

        Raises RunNotFound.
        """
        known = await self.summary(run_id)
        row = await self.index_thread.ask(Index.get, run_id)
        if row is None or not known.status.is_rest or known.status is Status.DAMAGED or self.get(run_id):
            return known
        tail = None if known.damage else row.tail
        found = await asyncio.to_thread(run_folder.look, self.places, run_id, tail)
        if self.get(run_id) or not os.path.lexists(self.places.runs / run_id):
            return await self.summary(run_id)
        if isinstance(found, TrackedRun) and not found.may_move and _is_same(found.summary(), known):
            return known
        await self._enter(found)
        return await self.summary(run_id)

    async def look_again(self, run_id: str) -> None:
        """Read the folder of a run that is unknown or was damaged: somebody may have mended it."""
        await self._enter(await asyncio.to_thread(run_folder.look, self.places, run_id))

    async def _enter(self, found: TrackedRun | RunSummary) -> None:
        if isinstance(found, TrackedRun) and found.may_move:
            self.add(found)
            await self.index_thread.enter(found.summary(), found.tail())
        elif isinstance(found, TrackedRun):
            await self.index_thread.enter(found.summary(), found.tail())
            self.board.post(found.summary())
        else:
            await self.mark_damaged(found)

    async def mark_damaged(self, run: RunSummary) -> None:
        """It is listed as such, and nobody looks after it."""
        self.forget(run.id)
        await self.index_thread.enter(run, {})
        self.board.post(run)

    async def load(self, run_id: str) -> TrackedRun:
        """The run as it is on disk, or as it moves. Raises CorruptRun."""
        moving = self._moving.get(run_id)
        if moving is not None:
            return moving
        row = await self.index_thread.ask(Index.get, run_id)
        return await asyncio.to_thread(run_folder.load, self.places, run_id, row.tail if row else None)

    def at_work(self) -> list[TrackedRun]:
        """Runs that a process is, or is about to be, at work on."""
        return [run for run in self.moving() if run.starting or run.summary().status.is_active]

    async def counts(self) -> dict[str, int]:
        """Runs by status."""
        await self.index_thread.flush()
        return await self.index_thread.ask(Index.counts)


def _is_same(one: RunSummary, other: RunSummary) -> bool:
    """As JSON, where NaN is what it is."""
    return summary_to_json(one) == summary_to_json(other)


def _only(run: str, found: Iterable[str]) -> str:
    ids = list(found)
    if not ids:
        raise RunNotFound(f"No run answers to {run[:80]!r}.", "dltui ls shows them all.")
    if len(ids) > 1:
        more = " and more" if len(ids) > SHOWN else ""
        raise RunNotFound(
            f"Several runs answer to {run[:80]!r}: {', '.join(ids[:SHOWN])}{more}.", "Give more of the id."
        )
    return ids[0]
