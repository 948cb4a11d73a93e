"""What is told without being asked again: the events of a run, the changes of the run table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict

from engine import store
from engine.errors import CorruptRun, ProtocolError
from engine.protocol import Json, summary_to_json
from engine.service.runs.registry import RunRegistry
from engine.service.server.changes import ChangeBatch, ChangeFeed
from engine.service.server.connection import Frame, RawFrame
from engine.service.server.event_tail import EventTail
from engine.sweep_protocol import sweep_to_json

POLL_SECONDS = 0.2
PAUSE_SECONDS = 0.4
"""after something was told: a training tells four times a second, and each telling wakes who watches"""
WATCH_SECONDS = 0.5
ROWS = 200
"""of one frame"""


class NextEvents:
    """Read when it is its turn to be sent: nothing waits in memory for a client that does not read."""

    def __init__(self, tail: EventTail) -> None:
        self._tail = tail
        self.is_last = False
        """nothing is left to read at present"""
        self.told = False

    def frame(self) -> RawFrame | None:
        """None where there is nothing to send. Raises DltuiError where the file cannot be read."""
        try:
            piece = self._tail.read()
        except OSError as error:
            raise CorruptRun(f"{self._tail.path} cannot be read: {error.strerror or error}.") from error
        self.is_last = piece is None
        if piece is None or not (piece.items or piece.left_out):
            return None
        self.told = True
        facts = {"left_out": piece.left_out} if piece.left_out else {}
        return RawFrame("events", (piece.items,) if piece.items else (), facts)


async def events(registry: RunRegistry, run: object, after: object) -> AsyncIterator[Frame | NextEvents]:
    """The past, then the present, until the run is not moving any more and everything is told."""
    if type(after) is not int or after < 0:
        raise ProtocolError(f"after: expected the number of an event, got {str(after)[:80]!r}.")
    run_id = await registry.find(run)
    tail = EventTail(store.folder_of(registry.places, run_id).events, after)
    caught_up, told = False, False
    try:
        while True:
            moving = registry.get(run_id) is not None  # asked first: nothing is written after the end
            piece = NextEvents(tail)
            yield piece
            if not piece.is_last:
                told = told or piece.told
                await asyncio.sleep(0)
                continue
            if not caught_up:
                caught_up = True
                yield {"events": [], "caught_up": True}
            if not moving:
                yield {"end": True}
                return
            await asyncio.sleep(PAUSE_SECONDS if told else POLL_SECONDS)
            told = False
    finally:
        tail.close()


async def watch(registry: RunRegistry, change_feed: ChangeFeed) -> AsyncIterator[Frame]:
    """First the runs at work and the sweeps, then what changed: twice a second at most, the latest only."""
    version = change_feed.version
    at_work = tuple(run.summary() for run in registry.active())
    first = ChangeBatch(at_work, (), change_feed.resources, version, tuple(change_feed.sweeps()))
    for frame in _frames(first, registry):
        yield frame
    while True:
        await change_feed.wait(version)
        news = change_feed.since(version)
        version = news.version
        for frame in _frames(news, registry):
            yield frame
        await asyncio.sleep(WATCH_SECONDS)


def _frames(news: ChangeBatch, registry: RunRegistry) -> list[Json]:
    first: Json = {"removed": list(news.removed)}
    if news.resources is not None:
        first["resources"] = asdict(news.resources)
    if news.sweeps or news.sweeps_removed:
        first["sweeps"] = [sweep_to_json(sweep) for sweep in news.sweeps]
        first["sweeps_removed"] = list(news.sweeps_removed)
    parts = [news.changed[at : at + ROWS] for at in range(0, max(1, len(news.changed)), ROWS)]
    return [
        {
            **(first if place == 0 else {}),
            "changed": [summary_to_json(run) for run in part],
            "total": registry.index_thread.total,
        }
        for place, part in enumerate(parts)
    ]
