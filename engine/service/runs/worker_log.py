"""Read a range of what a worker printed, from worker.log.1 and worker.log."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from engine import files, log_files
from engine.protocol import LogPart

LIMIT = 256 * 1024
"""bytes of one range"""


@dataclass(frozen=True, slots=True)
class _LogFile:
    """A file with the bytes [start, end) of what was printed, after a header line of `head` bytes."""

    descriptor: int
    start: int
    end: int
    head: int = 0


def read(path: Path, offset: int, limit: int) -> LogPart:
    """Whole characters from byte `offset`, `limit` bytes at most; a negative offset counts from the end.

    Where those bytes are not kept any more it begins at the first that is. Empty while the log is rotated.
    Raises CorruptRun for what is no regular file.
    """
    limit = min(max(limit, 0), LIMIT)
    with contextlib.ExitStack() as opened:
        newer = _open(path, opened)
        if newer is None:
            return LogPart("", 0, 0, 0)
        if not log_files.lock(newer.descriptor, shared=True):
            return LogPart("", max(offset, 0), max(offset, 0), max(offset, 0))
        older = _open(log_files.older(path), opened)
        if older is not None:
            newer = _LogFile(newer.descriptor, older.end, older.end + newer.end - newer.start, newer.head)
        parts = [newer] if older is None else [older, newer]
        return _read_range(parts, offset, limit)


def _open(path: Path, opened: contextlib.ExitStack) -> _LogFile | None:
    try:
        descriptor = opened.enter_context(files.open_regular(path)).fileno()
    except FileNotFoundError:
        return None
    start, head = log_files.parse_header(os.pread(descriptor, log_files.HEADER_LIMIT, 0))
    return _LogFile(descriptor, start, start + os.fstat(descriptor).st_size - head, head)


def _read_range(parts: list[_LogFile], offset: int, limit: int) -> LogPart:
    first, last = parts[0], parts[-1]
    start = max(first.start, min(offset, last.end) if offset >= 0 else last.end + offset)
    data = b""
    for file in parts:
        at = start + len(data)
        if file.start <= at < file.end and len(data) < limit:
            count = min(limit - len(data), file.end - at)
            data += os.pread(file.descriptor, count, at - file.start + file.head)
    cut = _leading_bytes(data) if start != offset and start else 0
    data = data[cut : len(data) - _trailing_bytes(data)]
    return LogPart(data.decode("utf-8", errors="replace"), start + cut, start + cut + len(data), last.end)


def _leading_bytes(data: bytes) -> int:
    """The number of bytes of a character that begins before `data`."""
    count = 0
    while count < min(3, len(data)) and data[count] & 0xC0 == 0x80:
        count += 1
    return count


def _trailing_bytes(data: bytes) -> int:
    """The number of bytes of a character that ends after `data`."""
    for count in range(1, min(4, len(data)) + 1):
        byte = data[-count]
        if byte & 0xC0 != 0x80:
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return count if length > count else 0
    return 0
