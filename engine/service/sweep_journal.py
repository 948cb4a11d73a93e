"""The journal of a sweep: append only, one fact a line, one writer; a torn last line is normal."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from engine.protocol import Json
from engine.text import whole


def read(path: Path) -> list[Json]:
    """Every whole fact, in order; lines that a crash tore are left out."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [fact for line in data.split(b"\n") if line and (fact := _parse(path, line)) is not None]


def append(path: Path, facts: list[Json]) -> None:
    """On disk when this returns. Raises OSError; then none of the facts counts."""
    now = round(time.time(), 3)
    lines = b"".join(
        json.dumps({"at": now, **fact}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        for fact in facts
    )
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
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


def _parse(path: Path, line: bytes) -> Json | None:
    try:
        fact = whole(json.loads(line))
        if isinstance(fact, dict) and isinstance(fact.get("kind"), str):
            return fact
    except (ValueError, RecursionError):
        pass  # said below
    logging.warning("%s: a line that is no fact is left out: %.80r", path, line)
    return None
