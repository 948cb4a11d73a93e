"""The event file here, while its worker is elsewhere: one writer, the same numbers as there."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from engine.errors import ProtocolError
from engine.events import EventWriter, last_seq, seq_of
from engine.protocol import Json

_CHECKPOINT = b'"kind":"checkpoint"'


class EventCopy:
    """Only while nobody is at work elsewhere may something be said that does not come from there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = str(path.parent)
        self._seq = 0
        self._torn = b""

    def note(self, text: str, severity: str = "note") -> None:
        self._append("note", text=text, severity=severity)

    def ended(self, step: int, **facts: object) -> None:
        self._append("ended", step=step, **facts)

    def take(self, lines: bytes, far_folder: str) -> None:
        """Lines from elsewhere; those that are here already are left out.

        Raises OSError for what the disk does not take, ProtocolError where lines are missing.
        """
        self._seq = self._seq or last_seq(self._path)
        kept = b"".join(self._checked(line, far_folder) for line in lines.splitlines())
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            while kept:
                kept = kept[os.write(fd, kept) :]
        finally:
            os.close(fd)

    def sync(self) -> None:
        """Wait until what was taken is on stable storage. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _checked(self, line: bytes, far_folder: str) -> bytes:
        seq = seq_of(line)
        if seq is None or seq > self._seq + 1:
            raise ProtocolError(f"Expected event {self._seq + 1}, got {line[:60]!r}.")
        if seq <= self._seq:
            return b""
        self._seq = seq
        if far_folder and _CHECKPOINT in line[:100]:
            line = line.replace(_quoted(far_folder), _quoted(self._folder))
        return line + b"\n"

    def _append(self, kind: str, **facts: object) -> None:
        """An EventWriter mends what a crash tore."""
        writer = EventWriter(self._path)
        writer.append(kind, **facts)
        writer.close()
        self._seq = writer.seq


def _quoted(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()


def cause(kind: str, text: str, remedy: str = "") -> Json:
    return {"kind": kind, "text": text, "remedy": remedy}
