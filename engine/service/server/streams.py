"""Streams: the events of a run, read in chunks and sent without parsing, and the changes of the run table."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from engine import files, frames, store
from engine.errors import CorruptRun, ProtocolError
from engine.events import may_be_torn, seq_of
from engine.protocol import SEND_SECONDS, Json, summary_to_json
from engine.service.runs.run_registry import RunRegistry
from engine.service.server.changes import ChangeBatch, ChangeFeed
from engine.service.server.connection import Frame, RawFrame
from engine.sweep_protocol import sweep_to_json

POLL_SECONDS = 0.2
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
            await asyncio.sleep(SEND_SECONDS if is_sent else POLL_SECONDS)
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


# --- the file of events -----------------------------------------------------------------------------------


CHUNK = 64 * 1024
"""bytes of one chunk; the next one is read when the client has read it"""
LINE_LIMIT = frames.LIMIT - 4096
"""longer lines do not fit into a frame and are left out"""
_EVENT_START = b'{"seq":'


class EventChunk(NamedTuple):
    """Events joined by `frames.SEPARATOR`, and the number of damaged lines that were left out."""

    items: bytes
    left_out: int = 0


class EventTail:
    def __init__(self, path: Path, after: int = 0) -> None:
        self.path = path
        self._after = after
        self._fd: int | None = None
        self._offset = 0
        self._skipping = False

    def read(self) -> EventChunk | None:
        """The next events, maybe none; None at the current end of the file. Raises OSError and CorruptRun."""
        if self._fd is None and not self._open():
            return None
        chunk = self._chunk()
        if not chunk:
            return None
        self._offset += len(chunk)
        if self._skipping:
            self._skipping = not chunk.endswith(b"\n")
            return EventChunk(b"", not self._skipping)
        return self._after_number(chunk)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> bool:
        try:
            with files.open_regular(self.path) as file:
                self._fd = os.dup(file.fileno())
        except FileNotFoundError:
            return False
        return True

    def _chunk(self) -> bytes:
        """Complete lines, or a part of a line that is too long."""
        assert self._fd is not None
        size = CHUNK
        while True:
            data = os.pread(self._fd, size, self._offset)
            if self._skipping:
                return data[: data.find(b"\n") + 1] or data
            end = data.rfind(b"\n") + 1
            if end or len(data) < size:
                return data[:end]
            if size == LINE_LIMIT:
                logging.warning("%s: a line of more than %d bytes is left out", self.path, size)
                self._skipping = True
                return data
            size = min(size * 4, LINE_LIMIT)

    def _after_number(self, chunk: bytes) -> EventChunk:
        if not self._after:
            return join_lines(chunk)
        lines = [line for line in chunk.split(b"\n") if seq_of(line) is not None]
        if not lines or (seq_of(lines[-1]) or 0) <= self._after:
            return EventChunk(b"")
        newer = [line for line in lines if (seq_of(line) or 0) > self._after]
        self._after = 0
        return join_lines(b"\n".join(newer) + b"\n")


def join_lines(chunk: bytes) -> EventChunk:
    """Join complete lines with `frames.SEPARATOR`; lines that are not events are left out.

    Counting line starts and ends proves that the usual chunk holds only events. Damage within a line is found
    by the client that parses it: the separator, which JSON text does not contain, keeps the lines apart.
    """
    body = chunk[:-1]
    is_usual = body.startswith(_EVENT_START) and body.endswith(b"}")
    if is_usual and body.count(b"\n") == body.count(b"}\n" + _EVENT_START):
        return EventChunk(body.replace(b"\n", frames.SEPARATOR))
    lines = [line for line in body.split(b"\n") if line]
    kept = [line for line in lines if seq_of(line) is not None]
    torn = sum(may_be_torn(line) for line in lines)
    return EventChunk(frames.SEPARATOR.join(kept), max(0, len(lines) - len(kept) - torn))
