"""The events of a run, read from its file in chunks and sent without parsing."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

from engine import files, frames
from engine.events import may_be_torn, seq_of

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
