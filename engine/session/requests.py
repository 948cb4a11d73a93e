"""Requests of a session, read from a pipe by a thread into a bounded queue."""

from __future__ import annotations

import json
import queue
import threading
from typing import BinaryIO

from engine.protocol import Json

LINE_LIMIT = 16 * 1024 * 1024
"""bytes of one request: it may hold a file of sentences to be scored"""
QUEUE_LIMIT = 1024


class RequestQueue:
    """Lines of JSON from `file`. A client that sends faster than it is answered blocks on the pipe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines: queue.Queue[Json | None] = queue.Queue(QUEUE_LIMIT)
        self.is_closed = False
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def receive(self, *, wait: bool) -> list[Json]:
        """The requests that have come; with `wait` at least one, unless the pipe is closed."""
        received: list[Json] = []
        while not self.is_closed:
            try:
                line = self._lines.get(block=wait and not received)
            except queue.Empty:
                break
            if line is None:
                self.is_closed = True
            else:
                received.append(line)
        return received

    def _read(self) -> None:
        while line := self._file.readline(LINE_LIMIT):
            self._lines.put(_parse(line))
        self._lines.put(None)


def _parse(line: bytes) -> Json:
    try:
        request = json.loads(line)
        if isinstance(request, dict):
            return request
    except (ValueError, RecursionError):
        pass  # answered with an error, like any other request with an unknown method
    return {"ask": "?"}
