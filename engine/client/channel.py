"""A channel: requests and streams over one connection, to a service or to a session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from engine import frames
from engine.errors import DltuiError, EngineError, ProtocolError, error_from_json
from engine.protocol import Json
from engine.unicode_text import replace_surrogates


class Channel:
    """Sends {"id", "ask", ...}; frames of the peer carry the id of the request that they answer.

    A request has one frame as its answer. A stream has several, of which the last one has "end"; one that is
    no longer read is ended by {"id", "ask": "cancel", "of"}. A frame with "error" ends either and is raised.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        ended: DltuiError,
        *,
        limit: int = frames.LIMIT,
        unread: int = 0,
    ) -> None:
        """`ended` is raised once the peer has gone. `limit` is in bytes, of one frame that comes.

        With `unread`, no further frame is taken while a stream has that many that nobody has read.
        """
        self._reader, self._writer, self._peer, self._limit = reader, writer, peer, limit
        self._end_error = ended
        self._unread = unread
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._streams: dict[int, asyncio.Queue[Json | None]] = {}
        self.frames_received = 0
        """increases while the peer answers"""
        self._reading = asyncio.create_task(self._read_frames())

    @property
    def is_closed(self) -> bool:
        """Whether the peer has gone, or what it sent could not be read."""
        return self._reading.done()

    async def request(self, method: str, **facts: object) -> Json:
        """Send a request and return the answer. Raises DltuiError."""
        number = self._next_id()
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._send({"id": number, "ask": method, **facts})
            return await answer
        finally:
            del self._answers[number]

    async def stream(self, method: str, **facts: object) -> AsyncGenerator[Json, None]:
        """Yield frames as they come, the last one too; closing the generator cancels. Raises DltuiError."""
        number = self._next_id()
        queue: asyncio.Queue[Json | None] = asyncio.Queue(self._unread)
        self._streams[number] = queue
        has_ended = False
        try:
            await self._send({"id": number, "ask": method, **facts})
            while not has_ended:
                frame = await queue.get()
                has_ended = frame is None or "error" in frame or bool(frame.get("end"))
                if frame is None:
                    raise self._end_error
                if "error" in frame:
                    raise _error(frame)
                yield frame
        finally:
            del self._streams[number]
            if not has_ended and not self.is_closed:
                with contextlib.suppress(EngineError):
                    await self._send({"id": self._next_id(), "ask": "cancel", "of": number})

    def close(self) -> None:
        """Close the connection; what is pending fails when the peer has gone too."""
        self._writer.close()

    async def aclose(self) -> None:
        """Close the connection; what is pending fails."""
        self._reading.cancel()
        await asyncio.wait([self._reading])
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _send(self, message: Json) -> None:
        if self.is_closed:
            raise self._end_error
        if message != replace_surrogates(message):
            raise ProtocolError("The text holds bytes that are not UTF-8.", "Check the arguments.")
        try:
            self._writer.write(frames.encode(message))
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise self._end_error from error
        except ValueError as error:
            raise ProtocolError(f"The request cannot be sent: {error}.") from error

    async def _read_frames(self) -> None:
        """Receive frames until the connection ends. A frame that cannot be parsed fails its own request."""
        try:
            while (frame := await self._read_frame()) is not None:
                self.frames_received += 1
                await self._dispatch(frame)
        except ProtocolError as error:
            self._end_error = EngineError(f"The connection to {self._peer} ended: {error.message}")
            self._writer.close()
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(self._end_error)
            for queue in self._streams.values():
                _end_stream(queue)

    async def _read_frame(self) -> Json | None:
        try:
            return await frames.read(self._reader, self._limit, strict=False)
        except frames.BadFrame as error:
            if error.request is None:
                raise
            return {"id": error.request, "error": {"message": error.message, "remedy": ""}, "unread": True}

    async def _dispatch(self, frame: Json) -> None:
        number = frame.get("id", 0)
        if (queue := self._streams.get(number)) is not None:
            await queue.put(frame)
            return
        answer = self._answers.get(number)
        if answer is None or answer.done():
            return
        if "error" in frame:
            answer.set_exception(_error(frame))
        else:
            answer.set_result(frame)


def _end_stream(queue: asyncio.Queue[Json | None]) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _error(frame: Json) -> DltuiError:
    if frame.get("unread"):
        return ProtocolError(frame["error"]["message"])
    return error_from_json(frame["error"])
