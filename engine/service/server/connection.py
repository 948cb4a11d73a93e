"""The connection of one client: handshake, requests, streams and limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine import frames
from engine.errors import DltuiError, ProtocolError, error_to_json
from engine.protocol import VERSION, Json

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


class DeferredFrame(Protocol):
    """A frame that is built when it is sent."""

    def frame(self) -> Frame | None:
        """The frame; None where there is nothing to send."""


RequestHandler = Callable[[Json], Awaitable[Frame]]
StreamHandler = Callable[[Json], AsyncIterator[Frame | DeferredFrame]]


@dataclass(frozen=True, slots=True)
class Handlers:
    """Handlers of requests and streams by the name of the method."""

    requests: Mapping[str, RequestHandler]
    streams: Mapping[str, StreamHandler]


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
            self._start_task(self._send_stream(number, stream, request), number)
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
            return await handler(request)
        except DltuiError as error:
            return error_frame(error)
        except Exception:
            # An error of one request does not end the service; the log has the traceback.
            logging.exception("the request %.80r failed", method)
            return error_frame(
                DltuiError(f"The engine failed at {method[:80]!r}.", "The reason is in its log, engine.log.")
            )

    async def _send_stream(self, number: int, stream: StreamHandler, request: Json) -> None:
        try:
            if len(self._streams) > STREAMS:
                raise DltuiError(f"One client may follow {STREAMS} streams at most.")
            async for frame in stream(request):
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

    async def _send(self, frame: Frame | DeferredFrame, number: int | None = None) -> None:
        """Send one frame at a time; waits while the client has unread bytes. Raises ConnectionError."""
        async with self._write_lock:
            if self._writer.is_closing():
                raise ConnectionResetError("the client has left")
            made = frame if isinstance(frame, dict | RawFrame) else frame.frame()
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
