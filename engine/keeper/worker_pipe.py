"""The pipe to the worker: words are written without ever waiting for it to read."""

from __future__ import annotations

import json
import os

from engine.protocol import Json

PENDING_LIMIT = 64 * 1024
"""bytes kept for a worker that does not read, on top of what the pipe holds"""


class WorkerPipe:
    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._pending = bytearray()
        self.dropped = 0
        """words lost because the worker did not read"""
        self._broken = False

    @property
    def is_waiting(self) -> bool:
        """Something is left to write."""
        return bool(self._pending)

    def send(self, word: Json) -> None:
        line = json.dumps(word, separators=(",", ":")).encode() + b"\n"
        if len(self._pending) + len(line) > PENDING_LIMIT:
            self.dropped += 1
            return
        self._pending += line
        self.flush()

    def flush(self) -> None:
        while self._pending and not self._broken:
            try:
                del self._pending[: os.write(self.fd, self._pending)]
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._broken = True
        self._pending.clear()

    def close(self) -> None:
        os.close(self.fd)
