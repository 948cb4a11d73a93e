"""`python -m engine.exec.follow_logs FOLDER SINCE`: send what a command writes for TensorBoard to its worker.

It connects to the socket of dltui_track, as a process of the command would, and ends when stdin does, after
all is sent. SINCE (seconds since 1970): files that were not written after it are of an earlier attempt.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DltuiError
from engine.exec.script_environment import TRACK_SOCKET
from engine.readers.log_reader import LogBatch
from engine.readers.tensorboard_log import PARTS, EventFolder, is_event_file

POLL_SECONDS = 0.5
SLICE = 5_000
"""points of one metric in one message"""
DEPTH = 8
MOST_FOLDERS = 100
Message = dict[str, Any]


@dataclass(slots=True)
class LogFollower:
    """All event files below a folder, as messages of dltui_track."""

    top: Path
    since: float
    _folders: dict[Path, EventFolder] = field(default_factory=dict)
    _prefixes: dict[Path, str] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    def messages(self) -> Iterator[Message]:
        """What was added since the last call."""
        for path, names in _folders(self.top):
            if path not in self._folders and len(self._folders) < MOST_FOLDERS:
                yield from self._open(path, names)
        for path, log in self._folders.items():
            try:
                for batch in log.scalars():
                    yield from self._messages_of(batch, self._prefixes[path])
            except (DltuiError, OSError) as error:
                yield from self._note(str(error))

    def _open(self, path: Path, names: list[str]) -> Iterator[Message]:
        """A folder in which this attempt writes; older files in it are skipped."""
        stats = {name: os.stat(path / name) for name in names}
        if not any(found.st_mtime >= self.since for found in stats.values()):
            return
        log = EventFolder(path, path.name)
        log.resume({name: found.st_size for name, found in stats.items() if found.st_mtime < self.since})
        is_first = not self._folders and path.name not in PARTS
        self._prefixes[path] = "" if is_first or path == self.top else f"{path.relative_to(self.top)}/"
        self._folders[path] = log
        try:
            if params := log.describe().params:
                yield {"params": dict(params)}
        except (DltuiError, OSError):
            pass  # no event yet

    def _messages_of(self, batch: LogBatch, prefix: str) -> Iterator[Message]:
        for name, points in batch.series.items():
            steps, values = list(points.steps), list(points.values)
            for begin in range(0, len(steps), SLICE):
                columns = [steps[begin : begin + SLICE], values[begin : begin + SLICE]]
                yield {"metrics": {prefix + name: columns}}
        for text in batch.texts:
            yield {"text": {"tag": prefix + text.tag, "step": text.step, "text": text.text}}
        for damage in batch.damages:
            yield from self._note(damage)

    def _note(self, text: str) -> Iterator[Message]:
        if text not in self._noted:
            self._noted.add(text)
            yield {"note": text}


def _folders(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """The folders with event files, and their names; links to folders are not followed."""
    for folder, inner, names in os.walk(top):
        inner.sort()
        if len(Path(folder).relative_to(top).parts) >= DEPTH:
            inner.clear()
        if found := [name for name in names if is_event_file(name)]:
            yield Path(folder), found


def main(arguments: list[str]) -> int:
    os.nice(5)
    follower = LogFollower(Path(arguments[0]), float(arguments[1]))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(TRACK_SOCKET)  # the working folder is that of the run
    is_over = False
    while not is_over:
        is_over = bool(select.select([0], [], [], POLL_SECONDS)[0])
        for message in follower.messages():
            connection.sendall(json.dumps(message).encode() + b"\n")
    connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
