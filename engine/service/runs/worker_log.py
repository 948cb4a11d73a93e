"""A part of what a worker printed."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from engine import files, log_files

LIMIT = 256 * 1024
"""bytes of one part"""


@dataclass(frozen=True, slots=True)
class LogRange:
    """Bytes are counted from the first that was printed, whatever of them is still there."""

    text: str
    offset: int
    end: int
    """the offset behind the last byte of `text`"""
    size: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file that holds the bytes [start, end) of what was printed, behind `head` bytes of its own."""

    descriptor: int
    start: int
    end: int
    head: int = 0


def read(path: Path, offset: int, limit: int) -> LogRange:
    """From byte `offset` on, counted from the end where it is negative; no character is cut in two.

    Where those bytes are gone it begins at the first that is left. While the log is turned over there is
    nothing to read for a moment. Raises CorruptRun for what is no file of ours.
    """
    limit = min(max(limit, 0), LIMIT)
    with contextlib.ExitStack() as opened:
        newer = _open(path, opened)
        if newer is None:
            return LogRange("", 0, 0, 0)
        if not log_files.lock(newer.descriptor, shared=True):
            return LogRange("", max(offset, 0), max(offset, 0), max(offset, 0))
        older = _open(log_files.older(path), opened)
        pieces = [newer] if older is None else [older, _moved(newer, older.end)]
        return _cut(pieces, offset, limit)


def _open(path: Path, opened: contextlib.ExitStack) -> _Piece | None:
    try:
        descriptor = opened.enter_context(files.open_regular(path)).fileno()
    except FileNotFoundError:
        return None
    start, head = log_files.start_of(os.pread(descriptor, log_files.HEAD_LIMIT, 0))
    return _Piece(descriptor, start, start + os.fstat(descriptor).st_size - head, head)


def _moved(piece: _Piece, start: int) -> _Piece:
    return _Piece(piece.descriptor, start, start + piece.end - piece.start, piece.head)


def _cut(pieces: list[_Piece], offset: int, limit: int) -> LogRange:
    first, last = pieces[0], pieces[-1]
    start = max(first.start, min(offset, last.end) if offset >= 0 else last.end + offset)
    data = b""
    for piece in pieces:
        at = start + len(data)
        if piece.start <= at < piece.end and len(data) < limit:
            wanted = min(limit - len(data), piece.end - at)
            data += os.pread(piece.descriptor, wanted, at - piece.start + piece.head)
    cut = _leading(data) if start != offset and start else 0
    data = data[cut : len(data) - _trailing(data)]
    return LogRange(data.decode("utf-8", errors="replace"), start + cut, start + cut + len(data), last.end)


def _leading(data: bytes) -> int:
    """Bytes of a character that began before `data`."""
    count = 0
    while count < min(3, len(data)) and data[count] & 0xC0 == 0x80:
        count += 1
    return count


def _trailing(data: bytes) -> int:
    """Bytes of a character that goes on behind `data`."""
    for count in range(1, min(4, len(data)) + 1):
        byte = data[-count]
        if byte & 0xC0 != 0x80:
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return count if length > count else 0
    return 0
