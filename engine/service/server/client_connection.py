"""The connection of one client: handshake and requests; the streams of the events of a run and of changes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine import files, frames, store
from engine.errors import CorruptRun, DltuiError, ProtocolError, error_to_json
from engine.events import may_be_torn, seq_of
from engine.protocol import VERSION, Json, RunSummary, summary_to_json
from engine.refresh_intervals import SEND_SECONDS
from engine.service.runs.run_registry import RunRegistry
from engine.service.server.changes import ChangeBatch, ChangeFeed
from engine.sweep_protocol import SweepSummary
from engine.typed_json import to_json

HANDSHAKE_SECONDS = 15.0
DRAIN_SECONDS = 30.0
"""that a client may take to read pending bytes before it is disconnected"""
FRAME_SECONDS = 15.0
"""from the first byte of a request to its last"""
HIGH_WATER = 64 * 1024
"""unread bytes of a client beyond which no further frame is encoded for it"""
INBOUND_LIMIT = 1 << 20
IN_FLIGHT = 64
"""most concurrent requests of one client"""
STREAMS = 32


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A frame with a list of items that are JSON text already."""

    name: str
    items: tuple[bytes, ...]
    facts: Json = field(default_factory=dict)


Frame = Json | RawFrame


@dataclass(frozen=True, slots=True)
class Handlers:
    """Handlers of requests and streams by the name of the method."""

    requests: Mapping[str, Callable[[Json], Awaitable[Frame | RunSummary | SweepSummary]]]
    streams: Mapping[str, Callable[[Json], AsyncIterator[Frame | NextEvents]]]


class ClientConnection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handlers: Handlers, hello: Json
    ) -> None:
        self._reader, self._writer = reader, writer
        self._handlers, self._hello = handlers, hello
        self._streams: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self._write_lock = asyncio.Lock()
        writer.transport.set_write_buffer_limits(high=HIGH_WATER)

    async def serve(self) -> None:
        """Handle requests until the client disconnects, breaks the protocol or stops reading."""
        try:
            if await self._handshake():
                while await self._read_request():
                    pass
        except ProtocolError as error:
            await self.refuse(error)
        except ConnectionError:
            pass  # it disconnected within a frame
        finally:
            self.close()

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    async def _handshake(self) -> bool:
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                hello = await frames.read(self._reader, 4096)
        except TimeoutError:
            raise ProtocolError(f"No hello came within {HANDSHAKE_SECONDS:g} s.") from None
        if hello is None:
            return False
        if "hello" not in hello:
            raise ProtocolError("The first frame has to be a hello.")
        await self._send({"hello": VERSION, **self._hello})
        return bool(hello["hello"] == VERSION)

    async def _read_request(self) -> bool:
        await self._in_flight.acquire()
        taken = False
        try:
            request = await frames.read(self._reader, INBOUND_LIMIT, timeout=FRAME_SECONDS)
            if request is None:
                return False
            number, method = request.get("id"), request.get("ask")
            if type(number) is not int or not isinstance(method, str):
                raise ProtocolError('A request has to hold a whole number "id" and a text "ask".')
            taken = self._dispatch(number, method, request)
            return True
        finally:
            if not taken:
                self._in_flight.release()

    def _dispatch(self, number: int, method: str, request: Json) -> bool:
        """Start the handler; whether the request counts as in flight: streams have their own limit."""
        if method == "cancel":
            self._cancel(request.get("of"))
            return False
        stream = self._handlers.streams.get(method)
        if stream is not None:
            self._start_task(self._send_stream(number, stream(request)), number)
            return False
        self._start_task(self._respond(number, method, request), None)
        return True

    def _start_task(self, work: Awaitable[None], stream: int | None) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if stream is not None:
            self._streams[stream] = task
            task.add_done_callback(lambda done: self._discard_stream(stream, done))

    def _discard_stream(self, number: int, done: asyncio.Task[None]) -> None:
        if self._streams.get(number) is done:
            del self._streams[number]

    def _cancel(self, number: object) -> None:
        task = self._streams.get(number) if isinstance(number, int) else None
        if task is not None:
            task.cancel()

    async def _respond(self, number: int, method: str, request: Json) -> None:
        try:
            await self._send(await self._response(method, request), number)
        except ConnectionError:
            self.close()
        finally:
            self._in_flight.release()

    async def _response(self, method: str, request: Json) -> Frame:
        handler = self._handlers.requests.get(method)
        try:
            if handler is None:
                known = ", ".join(sorted((*self._handlers.requests, *self._handlers.streams)))
                raise ProtocolError(f"Unknown request {method[:80]!r}.", f"It takes: {known}.")
            answer = await handler(request)
            if isinstance(answer, RunSummary):
                return {"run": summary_to_json(answer)}
            return {"sweep": to_json(answer)} if isinstance(answer, SweepSummary) else answer
        except DltuiError as error:
            return error_frame(error)
        except Exception:
            # An error of one request does not end the service; the log has the traceback.
            logging.exception("the request %.80r failed", method)
            return error_frame(
                DltuiError(f"The engine failed at {method[:80]!r}.", "The reason is in its log, engine.log.")
            )

    async def _send_stream(self, number: int, stream: AsyncIterator[Frame | NextEvents]) -> None:
        try:
            if len(self._streams) > STREAMS:
                raise DltuiError(f"One client may follow {STREAMS} streams at most.")
            async for frame in stream:
                await self._send(frame, number)
        except DltuiError as error:
            await self._send_if_open(error_frame(error), number)
        except ConnectionError:
            self.close()
        except Exception:
            # As with requests: only this stream ends.
            logging.exception("a stream failed")
            await self._send_if_open(error_frame(DltuiError("The engine failed at a stream.")), number)

    async def refuse_after_hello(self, error: DltuiError) -> None:
        """Send `error` and close, after the client's hello: it reads only when that is sent."""
        with contextlib.suppress(ProtocolError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await frames.read(self._reader, 4096)
        await self.refuse(error)

    async def refuse(self, error: DltuiError) -> None:
        """Send `error` and close."""
        await self._send_if_open(error_frame(error))
        self.close()

    async def _send_if_open(self, frame: Json, number: int | None = None) -> None:
        try:
            await self._send(frame, number)
        except ConnectionError:
            self.close()

    async def _send(self, frame: Frame | NextEvents, number: int | None = None) -> None:
        """Send one frame at a time; waits while the client has unread bytes. Raises ConnectionError."""
        async with self._write_lock:
            if self._writer.is_closing():
                raise ConnectionResetError("the client has left")
            made = frame.frame() if isinstance(frame, NextEvents) else frame
            if made is None:
                return
            self._writer.write(_encode(number, made))
            del made, frame
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._writer.drain()
            except TimeoutError:
                logging.warning("a client did not read for %g s and was closed: too slow", DRAIN_SECONDS)
                self._writer.transport.abort()
                raise ConnectionResetError("too slow") from None


def error_frame(error: DltuiError) -> Json:
    return {"error": error_to_json(error)}


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """The user id of the client's process, from the kernel (SO_PEERCRED)."""
    found = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", found)[1])


def _encode(number: int | None, frame: Frame) -> bytes:
    head = {} if number is None else {"id": number}
    if isinstance(frame, RawFrame):
        facts = json.dumps({**head, **frame.facts}, allow_nan=False, separators=(",", ":"))
        return frames.encode_raw(facts[1:-1].encode() + f',"{frame.name}"'.encode(), frame.items)
    return frames.encode({**head, **frame})


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


async def event_frames(
    registry: RunRegistry, run: object, after: object
) -> AsyncGenerator[Frame | NextEvents, None]:
    """Yield the events above number `after`, then new ones, until the run is not active and all are sent."""
    if type(after) is not int or after < 0:
        raise ProtocolError(f"after: expected the number of an event, got {str(after)[:80]!r}.")
    run_id = await registry.find(run)
    tail = EventTail(store.folder_of(registry.places, run_id).events, after)
    caught_up, is_sent = False, False
    try:
        while True:
            # Read before the file: no event follows the end.
            is_active = registry.get(run_id) is not None or run_id in registry.growing
            is_behind = run_id in registry.reading
            piece = NextEvents(tail)
            yield piece
            if not piece.is_last:
                is_sent = is_sent or piece.is_sent
                await asyncio.sleep(0)
                continue
            if not caught_up and not is_behind:
                caught_up = True
                yield {"events": [], "caught_up": True}
            if not is_active:
                yield {"end": True}
                return
            await asyncio.sleep(SEND_SECONDS if is_sent else POLL_SECONDS)
            is_sent = False
    finally:
        tail.close()


async def change_frames(registry: RunRegistry, change_feed: ChangeFeed) -> AsyncIterator[Frame]:
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
        first["resources"] = to_json(changes.resources)
    if changes.sweeps or changes.sweeps_removed:
        first["sweeps"] = to_json(changes.sweeps)
        first["sweeps_removed"] = list(changes.sweeps_removed)
    if changes.notifications:
        first["notifications"] = to_json(changes.notifications)
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
