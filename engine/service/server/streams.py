"""Streams: the events of a run, and the changes of the run table."""

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
"""after events were sent: a training writes four times a second, and each frame wakes the client"""
WATCH_SECONDS = 0.5
ROWS = 200
"""most rows of one frame"""


class NextEvents:
    """The next chunk of events, read when it is sent, so that a slow client holds no memory."""

    def __init__(self, tail: EventTail) -> None:
        self._tail = tail
        self.is_last = False
        """whether the end of the file was reached"""
        self.is_sent = False

    def frame(self) -> RawFrame | None:
        """The frame; None where there is nothing to send. Raises CorruptRun where the file is unreadable."""
        try:
            piece = self._tail.read()
        except OSError as error:
            raise CorruptRun(f"{self._tail.path} cannot be read: {error.strerror or error}.") from error
        self.is_last = piece is None
        if piece is None or not (piece.items or piece.left_out):
            return None
        self.is_sent = True
        facts = {"left_out": piece.left_out} if piece.left_out else {}
        return RawFrame("events", (piece.items,) if piece.items else (), facts)


async def events(registry: RunRegistry, run: object, after: object) -> AsyncIterator[Frame | NextEvents]:
    """Yield the events above number `after`, then new ones, until the run is not active and all are sent."""
    if type(after) is not int or after < 0:
        raise ProtocolError(f"after: expected the number of an event, got {str(after)[:80]!r}.")
    run_id = await registry.find(run)
    tail = EventTail(store.folder_of(registry.places, run_id).events, after)
    caught_up, is_sent = False, False
    try:
        while True:
            is_active = registry.get(run_id) is not None  # read before the file: no event follows the end
            piece = NextEvents(tail)
            yield piece
            if not piece.is_last:
                is_sent = is_sent or piece.is_sent
                await asyncio.sleep(0)
                continue
            if not caught_up:
                caught_up = True
                yield {"events": [], "caught_up": True}
            if not is_active:
                yield {"end": True}
                return
            await asyncio.sleep(PAUSE_SECONDS if is_sent else POLL_SECONDS)
            is_sent = False
    finally:
        tail.close()


async def watch(registry: RunRegistry, change_feed: ChangeFeed) -> AsyncIterator[Frame]:
    """Yield the active runs and all sweeps, then changes, at most twice a second."""
    version = change_feed.version
    at_work = tuple(run.summary() for run in registry.active())
    first = ChangeBatch(at_work, (), change_feed.resources, version, tuple(change_feed.sweeps()))
    for frame in _frames(first, registry):
        yield frame
    while True:
        await change_feed.wait(version)
        changes = change_feed.since(version)
        version = changes.version
        for frame in _frames(changes, registry):
            yield frame
        await asyncio.sleep(WATCH_SECONDS)


def _frames(changes: ChangeBatch, registry: RunRegistry) -> list[Json]:
    first: Json = {"removed": list(changes.removed)}
    if changes.resources is not None:
        first["resources"] = asdict(changes.resources)
    if changes.sweeps or changes.sweeps_removed:
        first["sweeps"] = [sweep_to_json(sweep) for sweep in changes.sweeps]
        first["sweeps_removed"] = list(changes.sweeps_removed)
    parts = [changes.changed[at : at + ROWS] for at in range(0, max(1, len(changes.changed)), ROWS)]
    return [
        {
            **(first if place == 0 else {}),
            "changed": [summary_to_json(run) for run in part],
            "total": registry.index_thread.total,
        }
        for place, part in enumerate(parts)
    ]
