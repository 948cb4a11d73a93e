"""The local event file of a run that trains on a node: same lines, same sequence numbers."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from engine import files
from engine.errors import ProtocolError
from engine.events import EventWriter, last_seq, seq_of

_CHECKPOINT = b'"kind":"checkpoint"'


class EventCopy:
    """Events of its own (`note`, `ended`) may be appended only while no node is training the run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = str(path.parent)
        self._seq = 0

    def note(self, text: str, severity: str = "note") -> None:
        self._append_own("note", text=text, severity=severity)

    def ended(self, step: int, **facts: object) -> None:
        self._append_own("ended", step=step, **facts)

    def append_lines(self, lines: bytes, remote_folder: str) -> None:
        """Append lines received from a node; those already here are skipped.

        In `checkpoint` events the path `remote_folder` of the node becomes that of the folder here. Raises
        OSError if they cannot be written, ProtocolError if lines are missing.
        """
        self._seq = self._seq or last_seq(self._path)
        kept = b"".join(self._check_line(line, remote_folder) for line in lines.splitlines())
        fd = files.open_to_append(self._path)
        try:
            while kept:
                kept = kept[os.write(fd, kept) :]
        finally:
            os.close(fd)

    def sync(self) -> None:
        """Flush to stable storage. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            files.sync_path(self._path)

    def _check_line(self, line: bytes, remote_folder: str) -> bytes:
        seq = seq_of(line)
        if seq is None or seq > self._seq + 1:
            raise ProtocolError(f"Expected event {self._seq + 1}, got {line[:60]!r}.")
        if seq <= self._seq:
            return b""
        self._seq = seq
        if remote_folder and _CHECKPOINT in line[:100]:
            line = line.replace(_quoted(remote_folder), _quoted(self._folder))
        return line + b"\n"

    def _append_own(self, kind: str, **facts: object) -> None:
        """A new EventWriter each time: it repairs a line that a crash cut off."""
        writer = EventWriter(self._path)
        writer.append(kind, **facts)
        writer.close()
        self._seq = writer.seq


def _quoted(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()
