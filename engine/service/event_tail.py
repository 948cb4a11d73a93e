"""The events of a run as they lie on disk, chunk by chunk, ready for the wire and never parsed."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from engine import frames
from engine.events import seq_of

CHUNK = 1 << 20
LINE_LIMIT = frames.LIMIT - 4096
"""a longer line fits into no frame and is left out"""
_START = b'{"seq":'


class EventTail:
    def __init__(self, path: Path, after: int = 0) -> None:
        self._path = path
        self._after = after
        self._fd: int | None = None
        self._offset = 0
        self._skipping = False

    def read(self) -> bytes | None:
        """The next events, joined by commas, none at times; None at the present end. Raises OSError."""
        if self._fd is None and not self._open():
            return None
        chunk = self._chunk()
        if not chunk:
            return None
        self._offset += len(chunk)
        if self._skipping:
            self._skipping = not chunk.endswith(b"\n")
            return b""
        return self._newer(chunk)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> bool:
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
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
                logging.warning("%s: a line of more than %d bytes is left out", self._path, size)
                self._skipping = True
                return data
            size = min(size * 4, LINE_LIMIT)

    def _newer(self, chunk: bytes) -> bytes:
        if not self._after:
            return join(chunk)
        lines = [line for line in chunk.split(b"\n") if seq_of(line) is not None]
        if not lines or (seq_of(lines[-1]) or 0) <= self._after:
            return b""
        newer = [line for line in lines if (seq_of(line) or 0) > self._after]
        self._after = 0
        return join(b"\n".join(newer) + b"\n")


def join(chunk: bytes) -> bytes:
    """Lines to one list without its brackets; lines that a crash tore are left out.

    The usual chunk is whole, which a few counts prove: 50 MB then cost a tenth of a second.
    """
    body = chunk[:-1]
    if (
        body.startswith(_START)
        and body.endswith(b"}")
        and body.count(b"\n") == body.count(b"}\n" + _START)
        and body.count(b"{") == body.count(b"}")
    ):
        return body.replace(b"\n", b",")
    return b",".join(line for line in body.split(b"\n") if _is_whole(line))


def _is_whole(line: bytes) -> bool:
    if seq_of(line) is None:
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
