"""The journal of a sweep: append only, one fact a line, one writer; a torn last line is normal."""

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
"""bytes of a journal: of a hundred thousand trials it has a tenth"""
_HEAD = b'{"at":'


def read(path: Path) -> list[Json]:
    """Every whole fact, in order; lines that a crash tore are left out. Raises CorruptRun.

    In place of a damaged line stands a fact of the kind `damaged`, with a text that says where it is.
    """
    data = files.read_bytes(path, limit=LIMIT)
    if data is None:
        return []
    return _parse_all([line for line in data.split(b"\n") if line]) or list(_parse_each(data))


def append(path: Path, facts: list[Json]) -> None:
    """On disk when this returns. Raises OSError or CorruptRun; then no fact counts."""
    now = round(time.time(), 3)
    lines = b"".join(
        json.dumps({"at": now, "version": VERSION, **fact}, allow_nan=False, separators=(",", ":")).encode()
        + b"\n"
        for fact in facts
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
    """All of it, or, where the disk takes no more, nothing."""
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(fd, data[done:], end + done)
    except OSError:
        os.ftruncate(fd, end)
        raise


def _parse_all(lines: list[bytes]) -> list[Json]:
    """All at once, which is fast; nothing unless every line is a plain fact."""
    try:
        facts = files.parse(b"[" + b",".join(lines) + b"]")
    except ValueError:
        return []
    return facts if len(facts) == len(lines) and all(map(_is_fact, facts)) else []


def _is_fact(fact: Any) -> bool:
    return isinstance(fact, dict) and isinstance(fact.get("kind"), str)


def _parse_each(data: bytes) -> Iterator[Json]:
    offset = 0
    for line in data.split(b"\n"):
        fact = _parse(line)
        if fact is not None:
            yield fact
        elif not _is_torn(line):
            yield {"kind": "damaged", "text": f"byte {offset}: not a fact: {line[:40]!s}"}
        offset += len(line) + 1


def _parse(line: bytes) -> Json | None:
    try:
        fact = files.parse(line)
    except ValueError:
        return None
    return fact if _is_fact(fact) else None


def _is_torn(line: bytes) -> bool:
    """Whether a crash may have left it: the beginning of a fact, which never counted."""
    if not _HEAD.startswith(line[: len(_HEAD)]):
        return False
    last = line[-1:]
    if last == b"}":
        return _parse(line + b"}") is not None
    return last in b"0123456789,." or _parse(line[:-1] + b"}") is None
