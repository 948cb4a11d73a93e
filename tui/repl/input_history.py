"""History of the prompt's input, kept in a file."""

from __future__ import annotations

import os
from pathlib import Path

from engine import files
from engine.errors import CorruptRun
from tui.terminal.plain_text import plain

KEPT = 1_000
BYTES = 1_000_000
LONGEST = 1_000


class InputHistory:
    """Lines, newest last. `earlier` and `later` step through them from the draft, the line being typed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines = _read(file)
        self._back = 0
        self._draft = ""

    @property
    def lines(self) -> list[str]:
        return list(self._lines)

    def add(self, line: str) -> None:
        """Raises OSError when it cannot be written to the file; it is in the history all the same."""
        self._back = 0
        if not line or (self._lines and self._lines[-1] == line):
            return
        self._lines.append(line)
        if len(self._lines) > KEPT:
            del self._lines[: len(self._lines) - KEPT]
            _write(self._file, self._lines)
        else:
            _append(self._file, line)

    def earlier(self, draft: str) -> str:
        """The line before the current one."""
        if self._back == 0:
            self._draft = draft
        self._back = min(self._back + 1, len(self._lines))
        return self._current()

    def later(self, draft: str) -> str:
        if self._back == 0:
            return draft
        self._back -= 1
        return self._current()

    def search(self, words: str, most: int = 50) -> list[str]:
        """At most `most` lines that contain all of the words, newest first, each once."""
        parts = words.lower().split()
        found = [line for line in reversed(self._lines) if all(part in line.lower() for part in parts)]
        return list(dict.fromkeys(found))[:most]

    def _current(self) -> str:
        return self._lines[-self._back] if self._back else self._draft


def _read(file: Path) -> list[str]:
    """Empty when there is no such file, or it cannot be read."""
    try:
        with files.open_regular(file) as opened:
            opened.seek(max(0, os.fstat(opened.fileno()).st_size - BYTES))
            text = opened.read(BYTES).decode("utf-8", "replace")
    except (OSError, CorruptRun):
        return []
    return [plain(line, limit=LONGEST) for line in text.splitlines() if line.strip()][-KEPT:]


def _append(file: Path, line: str) -> None:
    try:
        fd = files.open_to_append(file)
    except CorruptRun as error:
        raise OSError(error.message) from error
    with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as opened:
        opened.write(line + "\n")


def _write(file: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    files.write_bytes(file, text.encode("utf-8", "replace"), sync=False)
