"""Limit the size of worker.log, which the worker writes through a descriptor that it inherited."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from engine import files, log_files
from engine.errors import CorruptRun

CAP = 8 * 1024 * 1024
"""bytes of worker.log; what is older moves to worker.log.1, which holds as many at most"""
IDLE_SECONDS = 0.25
FLOOD_SECONDS = 0.05
FLOOD_BYTES = CAP // 8
"""growth between two checks after which the next check comes in FLOOD_SECONDS"""
TAIL = 32 * 1024
"""bytes"""


def header(attempt: int, device: str) -> str:
    return f"--- attempt {attempt} on {device}, {time.strftime('%Y-%m-%d %H:%M:%S')} ---"


@dataclass(slots=True)
class LimitedLog:
    """The log of one attempt. The worker inherits `fd`, which is opened to append."""

    path: Path
    fd: int
    header: str
    _size: int = 0

    @classmethod
    def open(cls, path: Path, line: str) -> LimitedLog:
        """Open the log and write the header `line`. Raises OSError or CorruptRun where it cannot be opened.

        On a full disk only the header is missing.
        """
        log = cls(path, files.open_to_append(path), line)
        log.write_line(line)
        return log

    @property
    def older(self) -> Path:
        return log_files.older(self.path)

    def write_line(self, line: str) -> None:
        try:
            os.write(self.fd, line.encode(errors="replace") + b"\n")
        except OSError:
            pass  # a full disk: exit.json has the cause too

    def enforce_limit(self) -> float:
        """Rotate the log where it is longer than CAP; returns the seconds until the next check.

        A reader's lock delays that until the log is twice as long.
        """
        size = os.fstat(self.fd).st_size
        grown, self._size = size - self._size, size
        if size > CAP:
            with contextlib.ExitStack() as stack:
                if self._is_locked(stack) or size > 2 * CAP:
                    self._rotate(os.fstat(self.fd).st_size)
        return FLOOD_SECONDS if grown > FLOOD_BYTES else IDLE_SECONDS

    def _is_locked(self, stack: contextlib.ExitStack) -> bool:
        """Whether no reader holds the lock. On a new descriptor: the worker shares `fd`, and so its lock."""
        try:
            return log_files.lock(stack.enter_context(self.path.open("rb")).fileno(), shared=False)
        except OSError:  # the file was removed: there is no reader
            return True

    def tail(self) -> str:
        """The end of what this attempt printed, TAIL bytes at most."""
        text = _read_end(self.path, TAIL)
        if len(text) < TAIL:
            before = _read_end(self.older, TAIL)
            text = before[log_files.parse_header(before)[1] :] + text
        header_bytes = self.header.encode(errors="replace")
        return text.rpartition(header_bytes)[2][-TAIL:].decode(errors="replace")

    def _rotate(self, size: int) -> None:
        """Copy the end, then truncate: the worker continues to write to the same file.

        What it prints between the two is lost. Where the copy fails, the last TAIL bytes stay in worker.log.
        """
        try:
            self._copy_end(size)
            os.ftruncate(self.fd, 0)
        except OSError:
            kept = os.pread(self.fd, TAIL, max(0, size - TAIL))
            os.ftruncate(self.fd, 0)
            self.write_line(kept.decode(errors="replace"))
        self._size = 0

    def _copy_end(self, size: int) -> None:
        """Into a temporary file that replaces worker.log.1 when it is complete."""
        offset = max(0, size - CAP)
        with files.replacing(self.older, sync=False) as copy:
            os.write(copy.fileno(), log_files.header(self._start_offset + offset))
            while offset < size:
                sent = os.sendfile(copy.fileno(), self.fd, offset, min(1 << 20, size - offset))
                if sent == 0:
                    break
                offset += sent

    @property
    def _start_offset(self) -> int:
        """The offset of the first byte of worker.log in all that was printed."""
        try:
            with self.older.open("rb") as file:
                start, line = log_files.parse_header(file.read(log_files.HEADER_LIMIT))
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
