"""The runs that a command begins with W&B, as messages of dltui_track."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DltuiError
from engine.exec.log_messages import BatchMessages, Message
from engine.readers.wandb_log import WandbRun, files_of_run, is_run_file
from engine.system_metrics import is_system

MOST_RUNS = 100
_PROCESS = re.compile(rb"\w+:(\d+) +\[")
"""in a line of W&B's own log: the thread and the process of the script"""


def is_of_this_run(process: int) -> bool:
    """Whether it is a process of the command, which has the id of the run in its environment.

    The process that the worker itself started counts also when it has ended.
    """
    facts = _proc(process, "environ").split(b"\0")
    parent = _proc(process, "stat").rpartition(b")")[2].split()[1:2]
    return f"DLTUI_RUN={Path.cwd().name}".encode() in facts or parent == [b"%d" % os.getppid()]


def _proc(process: int, name: str) -> bytes:
    """A file of the kernel on a process; empty where it has ended."""
    try:
        return (Path("/proc") / str(process) / name).read_bytes()
    except OSError:
        return b""


@dataclass(slots=True)
class _FollowedRun:
    log: WandbRun
    prefix: str
    """of its metrics"""


@dataclass(slots=True)
class WandbFollower:
    """Runs that a process of the command began after `since`; other commands may write into the same folder.

    System metrics and output are left out: those of dltui itself are there.
    """

    top: Path
    """the folder `wandb`, which may come later"""
    since: float
    is_own: Callable[[int], bool] = is_of_this_run
    _runs: dict[str, _FollowedRun] = field(default_factory=dict)
    """by path of the first file"""
    _seen: set[Path] = field(default_factory=set)
    """files of followed runs, and of those that are not the command's"""
    _made: BatchMessages = field(default_factory=BatchMessages)

    def messages(self, is_last: bool) -> Iterator[Message]:
        """What was added since the last call."""
        self._made.since = self.since
        for path in self._new_files():
            self._begin(path, is_last)
        for followed in self._runs.values():
            try:
                yield from self._messages_of(followed)
            except (DltuiError, OSError) as error:
                yield from self._made.note(str(error))

    def _messages_of(self, followed: _FollowedRun) -> Iterator[Message]:
        log = followed.log
        for batch in log.scalars():
            if batch.params:
                yield {"params": dict(batch.params)}
            batch.series = {name: points for name, points in batch.series.items() if not is_system(name)}
            batch.texts = []
            yield from self._made.of(batch, followed.prefix)

    def _begin(self, path: Path, is_last: bool) -> None:
        """Follow the run of a new file, where its process is known and one of the command's."""
        process = _process_of(path)
        if process is None and not is_last:
            return
        try:
            began_at = WandbRun(path).describe().began_at
        except (DltuiError, OSError):
            return  # its beginning is not written yet
        self._seen.add(path)
        if process is None or not self.is_own(process) or began_at < self.since:
            return
        first = files_of_run(path)[0]
        if str(first) not in self._runs and len(self._runs) < MOST_RUNS:
            log = WandbRun(first)
            self._runs[str(first)] = _FollowedRun(log, f"{log.describe().name}/" if self._runs else "")

    def _new_files(self) -> list[Path]:
        """The earliest first."""
        found = []
        try:
            with os.scandir(self.top) as entries:
                for entry in entries:
                    is_run = "run-" in entry.name and entry.is_dir(follow_symlinks=False)
                    if is_run and entry.stat().st_mtime >= self.since:
                        found += [Path(entry.path) / name for name in os.listdir(entry.path)]
        except OSError:
            return []  # not there yet, or removed meanwhile
        return sorted(path for path in found if is_run_file(path.name) and path not in self._seen)


def _process_of(path: Path) -> int | None:
    """That which began the run of a file; None where it has not written its own log yet."""
    try:
        with (path.parent / "logs" / "debug.log").open("rb") as log:
            found = _PROCESS.search(log.read(4096))
    except OSError:
        return None
    return int(found[1]) if found else None
