"""Commands to the keeper: JSON lines through the FIFO `control` in the run folder. Both of its ends."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.protocol import Json

# --- the keeper reads -------------------------------------------------------------------------------------


LINE_LIMIT = 64 * 1024
"""bytes"""


def open_fifo(path: Path) -> int:
    """Make the FIFO and open it for reading and writing, non-blocking, so that it has no end of file.

    Another kind of file at `path` is replaced. Raises OSError.
    """
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        if not stat.S_ISFIFO(os.lstat(path).st_mode):
            path.unlink()
            os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)


class CommandPipe:
    """Splits the bytes that arrive into commands: {"word": "pause" | "stop" | "set", ...}."""

    def __init__(self) -> None:
        self._partial = b""
        self.invalid_lines = 0
        """lines that are no commands, or too long"""

    def feed(self, data: bytes) -> list[Json]:
        """The commands that `data` completes."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > LINE_LIMIT:
            self._partial = b""
            self.invalid_lines += 1
        return [command for line in lines if line and (command := self._parse(line)) is not None]

    def _parse(self, line: bytes) -> Json | None:
        try:
            command = json.loads(line)
        except (ValueError, RecursionError):
            command = None
        if isinstance(command, dict) and isinstance(command.get("word"), str):
            return command
        self.invalid_lines += 1
        return None


# --- others send ------------------------------------------------------------------------------------------


class NoReader(Exception):
    """No keeper reads the FIFO, or not yet."""


def send_command(fifo: Path, command: Json) -> None:
    """Write one JSON line without blocking. Raises NoReader, and OSError for a FIFO that cannot be used."""
    line = json.dumps(command, allow_nan=False).encode() + b"\n"
    try:
        fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            raise NoReader(str(fifo)) from error
        raise
    try:
        if not stat.S_ISFIFO(os.fstat(fd).st_mode):
            raise NoReader(f"{fifo} is not a FIFO")
        os.write(fd, line)
    except BlockingIOError as error:
        raise NoReader(f"{fifo} is full: its keeper does not read") from error
    finally:
        os.close(fd)
