"""The journal of a sweep: append only, one fact a line, one writer; a torn last line is normal."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from engine.protocol import Json
from engine.text import whole


def read(path: Path) -> list[Json]:
    """Every whole fact, in order; lines that a crash tore are left out."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = [line for line in data.split(b"\n") if line]
    facts = _parse_all(lines)
    return facts or [fact for line in lines if (fact := _parse(path, line)) is not None]


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


def _parse_all(lines: list[bytes]) -> list[Json]:
    """All at once, which is fast; nothing unless every line is a plain fact."""
    try:
        facts = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        return []
    plain = len(facts) == len(lines) and not any(map(_may_hold_a_half, lines))
    return facts if plain and all(map(_is_fact, facts)) else []


def _may_hold_a_half(line: bytes) -> bool:
    """Whether half a character may be in it."""
    return b"\\u" in line or b"\xed" in line


def _is_fact(fact: Any) -> bool:
    return isinstance(fact, dict) and isinstance(fact.get("kind"), str)


def _parse(path: Path, line: bytes) -> Json | None:
    try:
        fact = whole(json.loads(line))
        if _is_fact(fact):
            found: Json = fact
            return found
    except (ValueError, RecursionError):
        pass  # said below
    logging.warning("%s: a line that is no fact is left out: %.80r", path, line)
    return None
