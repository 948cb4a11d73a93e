"""The event files that a command writes, as messages of dltui_track."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DltuiError
from engine.exec.log_messages import BatchMessages, Message
from engine.readers.tensorboard_log import PARTS, EventFolder, is_event_file

DEPTH = 8
MOST_FOLDERS = 100


@dataclass(slots=True)
class TensorBoardFollower:
    """All event files below a folder."""

    top: Path
    since: float
    _folders: dict[Path, EventFolder] = field(default_factory=dict)
    _prefixes: dict[Path, str] = field(default_factory=dict)
    _made: BatchMessages = field(default_factory=BatchMessages)

    def messages(self, is_last: bool) -> Iterator[Message]:
        """What was added since the last call."""
        for path, names in _folders(self.top):
            if path not in self._folders and len(self._folders) < MOST_FOLDERS:
                yield from self._open(path, names)
        for path, log in self._folders.items():
            try:
                for batch in log.scalars():
                    yield from self._made.of(batch, self._prefixes[path])
            except (DltuiError, OSError) as error:
                gone = f"{path} was removed: what was not read yet is lost."
                yield from self._made.note(str(error) if path.exists() else gone)

    def _open(self, path: Path, names: list[str]) -> Iterator[Message]:
        """A folder in which this attempt writes; older files in it are skipped."""
        stats = {name: found for name in names if (found := _stat(path / name))}
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


def _stat(path: Path) -> os.stat_result | None:
    """None where it is no file: a link in a circle, a file that is gone, a pipe."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _folders(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """The folders with event files, and their names; links to folders are not followed."""
    for folder, inner, names in os.walk(top):
        inner.sort()
        if len(Path(folder).relative_to(top).parts) >= DEPTH:
            inner.clear()
        if found := [name for name in names if is_event_file(name)]:
            yield Path(folder), found
