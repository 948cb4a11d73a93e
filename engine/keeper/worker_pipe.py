"""The pipes between keeper and worker: commands, written without blocking, and the message of its exit."""

from __future__ import annotations

import json
import os

from engine.keeper.cause import Verdict, one_line
from engine.protocol import Cause, Json, Status
from engine.typed_json import typed

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


# --- the exit message: one JSON line with a status and a cause --------------------------------------------


EXIT_MESSAGE_LIMIT = 64 * 1024
"""bytes that are kept of what the worker sends"""
_ALLOWED = (Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED)


def read_exit_message(data: bytes) -> Verdict | None:
    """The last complete line that is a valid message; None when there is none."""
    for line in reversed(data.split(b"\n")[:-1]):
        verdict = _parse(line)
        if verdict is not None:
            return verdict
    return None


def _parse(line: bytes) -> Verdict | None:
    try:
        data = json.loads(line)
        status = Status(data["status"])
        cause = typed(data["cause"], Cause)
        text, remedy = one_line(str(cause.text)), one_line(str(cause.remedy))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (status, Cause(cause.kind, text, remedy)) if status in _ALLOWED else None
