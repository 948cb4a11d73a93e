"""The events of a run as they lie on disk, piece by piece, ready for the wire and never parsed."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

from engine import files, frames
from engine.events import may_be_torn, seq_of

CHUNK = 64 * 1024
"""bytes of one piece: what a client does not read yet is not held in memory"""
LINE_LIMIT = frames.LIMIT - 4096
"""a longer line fits into no frame and is left out"""
_START = b'{"seq":'


class EventChunk(NamedTuple):
    """Events joined by `frames.JOINT`, and how many damaged lines between them were left out."""

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
        """The next events, none at times; None at the present end. Raises OSError, and CorruptRun."""
        if self._fd is None and not self._open():
            return None
        chunk = self._chunk()
        if not chunk:
            return None
        self._offset += len(chunk)
        if self._skipping:
            self._skipping = not chunk.endswith(b"\n")
            return EventChunk(b"", not self._skipping)
        return self._newer(chunk)

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
        """Whole lines, or a piece of one that is too long."""
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

    def _newer(self, chunk: bytes) -> EventChunk:
        if not self._after:
            return join_lines(chunk)
        lines = [line for line in chunk.split(b"\n") if seq_of(line) is not None]
        if not lines or (seq_of(lines[-1]) or 0) <= self._after:
            return EventChunk(b"")
        newer = [line for line in lines if (seq_of(line) or 0) > self._after]
        self._after = 0
        return join_lines(b"\n".join(newer) + b"\n")


def join_lines(chunk: bytes) -> EventChunk:
    """Whole lines to one list without its brackets; those that are no events at all are left out.

    The usual chunk holds nothing else, which a few counts prove. What is wrong within a line is found by who
    parses it: the joint, which no JSON text holds, keeps the lines apart.
    """
    body = chunk[:-1]
    is_usual = body.startswith(_START) and body.endswith(b"}")
    if is_usual and body.count(b"\n") == body.count(b"}\n" + _START):
        return EventChunk(body.replace(b"\n", frames.SEPARATOR))
    lines = [line for line in body.split(b"\n") if line]
    kept = [line for line in lines if seq_of(line) is not None]
    torn = sum(may_be_torn(line) for line in lines)
    return EventChunk(frames.SEPARATOR.join(kept), max(0, len(lines) - len(kept) - torn))
