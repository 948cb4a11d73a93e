"""How long the log of a run was when metrics were written: so its lines are known to be of a step."""

from __future__ import annotations

import os
from pathlib import Path

from engine import log_files


class LogPosition:
    """The bytes that were printed so far, of a log that another process may rotate."""

    def __init__(self, path: Path) -> None:
        self._path, self._older = path, log_files.older(path)
        self._older_key: tuple[int, int] | None = None
        self._start = self._told = 0

    def facts(self) -> dict[str, int]:
        """{"log": bytes} where there are more than at the last call; else empty, as without a log."""
        try:
            size = os.stat(self._path).st_size
        except OSError:
            return {}  # on a node of a cluster there is none
        position = self._start_of_newer() + size
        if position <= self._told:
            return {}
        self._told = position
        return {"log": position}

    def _start_of_newer(self) -> int:
        """The offset, in all that was printed, of the first byte of the log; what is before was rotated."""
        try:
            found = os.stat(self._older)
        except OSError:
            return 0
        key = found.st_ino, found.st_size
        if key != self._older_key:
            try:
                with self._older.open("rb") as file:
                    start, head = log_files.parse_header(file.read(log_files.HEADER_LIMIT))
            except OSError:
                return self._start
            self._older_key, self._start = key, start + found.st_size - head
        return self._start
