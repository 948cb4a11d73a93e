"""The pipe of commands to the worker, written without blocking."""

from __future__ import annotations

import json
import os

from engine.protocol import Json

PENDING_LIMIT = 64 * 1024
"""bytes buffered for a worker that does not read, on top of the pipe's own buffer"""


class WorkerPipe:
    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._pending = bytearray()
        self.dropped = 0
        """commands lost because the buffer was full"""
        self._broken = False

    @property
    def has_pending(self) -> bool:
        """Whether there are bytes left to write."""
        return bool(self._pending)

    def send(self, command: Json) -> None:
        line = json.dumps(command, separators=(",", ":")).encode() + b"\n"
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
