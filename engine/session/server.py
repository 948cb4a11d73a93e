"""Server of a session: answers requests one by one; streams are advanced in turn between them.

A thread reads requests from a pipe into a bounded queue.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from checkpoints.errors import CheckpointError
from engine import ending_signals, frames, places
from engine.errors import DltuiError, ProtocolError, error_to_json
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session.methods import Response

FRAME_LIMIT = 16 * 1024 * 1024
"""bytes of one request: it may hold a file of sentences to be scored"""
CHUNK = 1 << 20
QUEUE_LIMIT = 1024


class RequestQueue:
    """Frames from `file`. A client that sends faster than it is answered blocks on the pipe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._received: queue.Queue[Json | None] = queue.Queue(QUEUE_LIMIT)
        self.is_closed = False
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def receive(self, *, wait: bool) -> list[Json]:
        """The requests that have come; with `wait` at least one, unless the pipe is closed."""
        received: list[Json] = []
        while not self.is_closed:
            try:
                request = self._received.get(block=wait and not received)
            except queue.Empty:
                break
            if request is None:
                self.is_closed = True
            else:
                received.append(request)
        return received

    def _read(self) -> None:
        splitter = frames.FrameSplitter(FRAME_LIMIT)
        try:
            while data := os.read(self._file.fileno(), CHUNK):
                for body in splitter.feed(data):
                    self._received.put(_parse(body))
        except ProtocolError as error:
            print(f"the session ends: {error.message}", file=sys.stderr, flush=True)
        self._received.put(None)


def _parse(body: bytes) -> Json:
    try:
        return frames.parse(body)
    except ProtocolError:
        return {"ask": "?"}  # answered with an error, like any other request with an unknown method


Call = Callable[[SessionCache, str, Json], Response]


class SessionServer:
    """Reads requests {id, ask, facts, newest} and {ask: "cancel", of: id}, and writes responses, as frames.

    `ask` is the method and `facts` are its parameters. A response is {id, answer, end}, {id, error} or, where
    a newer request replaced this one, {id, superseded}; a stream is {id, part} for each part, then {id, end}.
    `cancel` ends a stream. Of the waiting requests with the same `newest` only the newest is answered.
    """

    def __init__(
        self,
        session_cache: SessionCache,
        requests: RequestQueue,
        out: BinaryIO,
        call: Call = methods.call,
    ) -> None:
        self._cache, self._requests, self._out, self._call = session_cache, requests, out, call
        self._waiting: deque[Json] = deque()
        self._streams: dict[int, Iterator[Json]] = {}

    def serve(self) -> None:
        """Returns when the client has closed its pipe."""
        while True:
            self._add(self._requests.receive(wait=not self._waiting and not self._streams))
            if self._requests.is_closed:
                return
            if self._waiting:
                self._answer(self._waiting.popleft())
            elif self._streams:
                self._advance()

    def _add(self, requests: list[Json]) -> None:
        for request in requests:
            if request.get("ask") == "cancel":
                self._cancel(request.get("of"))
                continue
            newest = request.get("newest")
            if newest:
                self._supersede(newest)
            self._waiting.append(request)

    def _cancel(self, number: object) -> None:
        self._waiting = deque(request for request in self._waiting if request.get("id") != number)
        stream = self._streams.pop(number, None) if isinstance(number, int) else None
        if stream is not None:
            stream.close()  # type: ignore[attr-defined]  # handlers that stream are generators

    def _supersede(self, key: str) -> None:
        for request in [request for request in self._waiting if request.get("newest") == key]:
            self._waiting.remove(request)
            self._send({"id": request.get("id", 0), "superseded": True})

    def _answer(self, request: Json) -> None:
        number = request.get("id", 0)
        try:
            response = self._call(self._cache, str(request.get("ask")), request.get("facts", {}))
        except Exception as error:  # one request that fails ends neither the others nor the session
            self._send({"id": number, "error": _error_json(request, error)})
            return
        if isinstance(response, Iterator):
            self._streams[number] = response
        else:
            self._send({"id": number, "answer": response, "end": True})

    def _advance(self) -> None:
        """Sends one part of the stream that has waited longest."""
        number = next(iter(self._streams))
        stream = self._streams.pop(number)
        try:
            part = next(stream)
        except StopIteration:
            self._send({"id": number, "end": True})
        except Exception as error:  # as above: one stream that fails ends only itself
            self._send({"id": number, "error": _error_json({"ask": "the stream"}, error)})
        else:
            self._streams[number] = stream
            self._send({"id": number, "part": part})

    def _send(self, message: Json) -> None:
        try:
            frame = frames.encode(message)
        except (TypeError, ValueError) as error:
            frame = frames.encode({"id": message["id"], "error": _error_json({"ask": "the answer"}, error)})
        self._out.write(frame)
        self._out.flush()


def _error_json(request: Json, error: Exception) -> Json:
    if isinstance(error, DltuiError):
        return error_to_json(error)
    if isinstance(error, CheckpointError):
        return {"message": error.message, "remedy": error.remedy}
    traceback.print_exception(error, file=sys.stderr)
    what = f"{type(error).__name__}: {error}"[:300]
    return {"message": f"{request.get('ask')} failed: {what}.", "remedy": "Its traceback is in session.log."}


def serve_pipes(call: Call = methods.call) -> NoReturn:
    """Answer the requests on stdin until its pipe is closed, then end the process."""
    os.umask(0o077)
    ending_signals.ignore()  # a batch system signals every process of a job; this one has nothing to save
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is for the app; this process ends with its pipe
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be read as a response
    try:
        SessionServer(SessionCache(places.home()), RequestQueue(sys.stdin.buffer), out, call).serve()
    except BrokenPipeError:
        pass  # the client has ended
    sys.stderr.flush()
    os._exit(0)  # the reading thread may be blocked in a read that nothing ends
