"""worker.log: what the worker prints, bounded although the worker writes it itself."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from engine import files, log_files
from engine.errors import CorruptRun

CAP = 8 * 1024 * 1024
"""bytes; what is older moves to worker.log.1, which holds as many at most"""
CALM_SECONDS = 0.25
FLOOD_SECONDS = 0.05
FLOOD = CAP // 8
"""growth between two looks that calls for the next one soon"""
TAIL = 32 * 1024


def header(attempt: int, device: str) -> str:
    return f"--- attempt {attempt} on {device}, {time.strftime('%Y-%m-%d %H:%M:%S')} ---"


@dataclass(slots=True)
class LimitedLog:
    """One attempt's use of the log. `fd` is what the worker inherits: always at the end of the file."""

    path: Path
    fd: int
    header: str
    _size: int = 0

    @classmethod
    def open(cls, path: Path, line: str) -> LimitedLog:
        """Raises OSError or CorruptRun where it cannot be opened; a full disk costs the header alone."""
        log = cls(path, files.open_to_append(path), line)
        log.note(line)
        return log

    @property
    def older(self) -> Path:
        return log_files.older(self.path)

    def note(self, line: str) -> None:
        try:
            os.write(self.fd, line.encode(errors="replace") + b"\n")
        except OSError:
            pass  # a full disk: what the log would say is in exit.json too

    def bound(self) -> float:
        """Keep the log below the cap; the seconds after which to look again."""
        size = os.fstat(self.fd).st_size
        grown, self._size = size - self._size, size
        if size > CAP:
            with contextlib.ExitStack() as held:
                if self._is_locked(held) or size > 2 * CAP:
                    self._turn_over(os.fstat(self.fd).st_size)
        return FLOOD_SECONDS if grown > FLOOD else CALM_SECONDS

    def _is_locked(self, held: contextlib.ExitStack) -> bool:
        """Whether no reader is at it. Opened anew for that: the worker shares the descriptor of the log."""
        try:
            return log_files.lock(held.enter_context(self.path.open("rb")).fileno(), shared=False)
        except OSError:  # somebody took the file away: nobody can read it
            return True

    def tail(self) -> str:
        """The end of what this attempt printed."""
        text = _read_end(self.path, TAIL)
        if len(text) < TAIL:
            before = _read_end(self.older, TAIL)
            text = before[log_files.start_of(before)[1] :] + text
        mark = self.header.encode(errors="replace")
        return text.rpartition(mark)[2][-TAIL:].decode(errors="replace")

    def _turn_over(self, size: int) -> None:
        """Copy the end, then truncate: the worker goes on writing into the same file.

        What it prints between the two is lost. Without room for a copy a short end is kept in place.
        """
        try:
            self._copy_end(size)
            os.ftruncate(self.fd, 0)
        except OSError:
            kept = os.pread(self.fd, TAIL, max(0, size - TAIL))
            os.ftruncate(self.fd, 0)
            self.note(kept.decode(errors="replace"))
        self._size = 0

    def _copy_end(self, size: int) -> None:
        """Into a draft that takes the place of the older piece when it is whole."""
        offset = max(0, size - CAP)
        draft = self.older.with_name(f".{self.older.name}.draft")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        copy = os.open(draft, flags, 0o600)
        try:
            os.write(copy, log_files.head(self._begins + offset))
            while offset < size:
                sent = os.sendfile(copy, self.fd, offset, min(1 << 20, size - offset))
                if sent == 0:
                    break
                offset += sent
        finally:
            os.close(copy)
        os.replace(draft, self.older)

    @property
    def _begins(self) -> int:
        """The byte of all that was printed at which the log begins."""
        try:
            with self.older.open("rb") as file:
                start, line = log_files.start_of(file.read(log_files.HEAD_LIMIT))
                return start + file.seek(0, os.SEEK_END) - line
        except OSError:
            return 0


def _read_end(path: Path, limit: int) -> bytes:
    try:
        with files.open_regular(path) as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - limit))
            return file.read(limit)
    except (OSError, CorruptRun):
        return b""
