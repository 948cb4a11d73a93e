"""Requests of a session, read from a pipe by a thread into a bounded queue."""

from __future__ import annotations

import os
import queue
import sys
import threading
from typing import BinaryIO

from engine import frames
from engine.errors import ProtocolError
from engine.protocol import Json

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
