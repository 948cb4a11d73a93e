"""Words for the keeper: JSON lines through a FIFO in the run folder."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from engine.protocol import Json

LINE_LIMIT = 64 * 1024


def open_fifo(path: Path) -> int:
    """A descriptor that never blocks and never sees EOF. Raises OSError."""
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        if not stat.S_ISFIFO(os.lstat(path).st_mode):
            path.unlink()
            os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)


class CommandPipe:
    """Cuts what arrives into words; noise is counted and left out."""

    def __init__(self) -> None:
        self._rest = b""
        self.noise = 0
        """lines that were no words"""

    def feed(self, data: bytes) -> list[Json]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            self._rest = b""
            self.noise += 1
        return [word for line in lines if line and (word := self._parse(line)) is not None]

    def _parse(self, line: bytes) -> Json | None:
        try:
            word = json.loads(line)
        except (ValueError, RecursionError):
            word = None
        if isinstance(word, dict) and isinstance(word.get("word"), str):
            return word
        self.noise += 1
        return None
