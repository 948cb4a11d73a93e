"""The journal of a sweep: an append-only file of JSON lines with one writer.

A crash may leave an incomplete last line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import files
from engine.protocol import Json
from engine.spec_versions import VERSION

LIMIT = 512 * 1024 * 1024
"""bytes of a journal, ten times those of a hundred thousand trials"""
_HEAD = b'{"at":'


def read(path: Path) -> list[Json]:
    """All complete entries, in order; lines cut off by a crash are skipped. Raises CorruptRun.

    A damaged line becomes an entry of the kind `damaged`, whose text gives its position.
    """
    data = files.read_bytes(path, limit=LIMIT)
    if data is None:
        return []
    return _parse_all([line for line in data.split(b"\n") if line]) or list(_parse_each(data))


def append(path: Path, entries: list[Json]) -> None:
    """Append and fsync. Raises OSError or CorruptRun; then none of the entries is written."""
    now = round(time.time(), 3)
    lines = b"".join(
        json.dumps({"at": now, "version": VERSION, **entry}, allow_nan=False, separators=(",", ":")).encode()
        + b"\n"
        for entry in entries
    )
    fd = files.open_to_write(path)
    try:
        end = os.lseek(fd, 0, os.SEEK_END)
        torn = end > 0 and os.pread(fd, 1, end - 1) != b"\n"
        _write(fd, end, b"\n" + lines if torn else lines)
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, end: int, data: bytes) -> None:
    """Write all of `data`, or nothing if that fails."""
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(fd, data[done:], end + done)
    except OSError:
        os.ftruncate(fd, end)
        raise


def _parse_all(lines: list[bytes]) -> list[Json]:
    """Parse all lines at once, which is fast; empty unless every line is an entry."""
    try:
        entries = files.parse(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return []
    return entries if len(entries) == len(lines) and all(map(_is_entry, entries)) else []


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("kind"), str)


def _parse_each(data: bytes) -> Iterator[Json]:
    offset = 0
    for line in data.split(b"\n"):
        entry = _parse(line)
        if entry is not None:
            yield entry
        elif not _is_torn(line):
            yield {"kind": "damaged", "text": f"byte {offset}: not a fact: {line[:40]!s}"}
        offset += len(line) + 1


def _parse(line: bytes) -> Json | None:
    try:
        entry = files.parse(line)
    except ValueError:
        return None
    return entry if _is_entry(entry) else None


def _is_torn(line: bytes) -> bool:
    """Whether a crash may have left `line`: the beginning of an entry."""
    if not _HEAD.startswith(line[: len(_HEAD)]):
        return False
    last = line[-1:]
    if last == b"}":
        return _parse(line + b"}") is not None
    return last in b"0123456789,." or _parse(line[:-1] + b"}") is None
