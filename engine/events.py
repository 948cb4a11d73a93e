"""The event file of a run: append only, one JSON object a line, one writer; a torn last line is normal."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import CorruptRun
from engine.protocol import Json
from engine.text import whole

PENDING_LIMIT = 8 * 1024 * 1024
"""bytes kept in memory while the disk takes none"""
CHUNK = 1 << 20
_SEQ = re.compile(rb'\{"seq":\s*(\d+)')


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `facts` are the fields of its kind."""

    seq: int
    at: float
    kind: str
    facts: Json


def parse(line: bytes | str) -> Event:
    """Raises CorruptRun for a line that is not an event."""
    try:
        return from_json(whole(json.loads(line)))
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptRun(f"Not an event: {line[:80]!s}.") from error


def from_json(data: Json) -> Event:
    facts = dict(data)
    return Event(int(facts.pop("seq")), float(facts.pop("at")), str(facts.pop("kind")), facts)


def seq_of(line: bytes) -> int | None:
    """The number of a line without parsing the rest of it; None for a line that a crash tore."""
    found = _SEQ.match(line)
    return int(found[1]) if found and line.endswith(b"}") else None


def read_lines(path: Path, offset: int, limit: int = 8 * CHUNK) -> tuple[list[bytes], int]:
    """Whole lines from byte `offset` on, about `limit` bytes of them, and the offset behind the last.

    Lines that a crash tore are left out. An offset beyond the end gives nothing.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            text = file.read(limit)
            while text and not text.endswith(b"\n"):
                more = file.readline()
                text += more
                if not more.endswith(b"\n"):
                    break
    except FileNotFoundError:
        return [], offset
    end = text.rfind(b"\n") + 1
    lines = text[:end].split(b"\n")
    return [line for line in lines if seq_of(line) is not None], offset + end


def replay(path: Path, after: int = 0) -> Iterator[Event]:
    """Every event with a number above `after`."""
    offset = 0
    while True:
        lines, end = read_lines(path, offset)
        for line in lines:
            if (seq_of(line) or 0) > after:
                yield parse(line)
        if end == offset:
            return
        offset = end


class EventWriter:
    """The one writer. What the disk does not take is kept and tried again: training never waits for a log."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._pending = bytearray()
        self._seq = last_seq(path)
        self.dropped = 0
        """lines lost because the disk stayed full"""
        if not _ends_whole(self._fd):
            self._pending += b"\n"

    @property
    def seq(self) -> int:
        return self._seq

    def append(self, kind: str, **facts: object) -> int:
        """The number of the new event. Raises ValueError for facts that are not JSON."""
        self._seq += 1
        head: Json = {"seq": self._seq, "at": round(time.time(), 3), "kind": kind}
        line = json.dumps({**head, **facts}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if len(self._pending) + len(line) > PENDING_LIMIT:
            self.dropped += 1
        else:
            self._pending += line
        self.flush()
        return self._seq

    def flush(self) -> bool:
        """Write what waits; False while the disk is full."""
        try:
            while self._pending:
                written = os.write(self._fd, self._pending)
                del self._pending[:written]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        return not self._pending

    def close(self) -> None:
        self.flush()
        os.close(self._fd)


def last_seq(path: Path) -> int:
    """The highest number in the file; 0 when there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            size = CHUNK
            while True:
                start = max(0, end - size)
                file.seek(start)
                found = [seq for line in file.read(end - start).split(b"\n") if (seq := seq_of(line))]
                if found or start == 0:
                    return max(found, default=0)
                size *= 8
    except FileNotFoundError:
        return 0


def _ends_whole(fd: int) -> bool:
    end = os.lseek(fd, 0, os.SEEK_END)
    return end == 0 or os.pread(fd, 1, end - 1) == b"\n"
