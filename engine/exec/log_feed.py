"""Starts the process that reads what a command writes for TensorBoard, once there is something to read."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.exec.script_process import ScriptStart, start

LOOK_SECONDS = 2.0
DEPTH = 4
END_SECONDS = 30.0
"""that the process has to send the rest when the command has ended"""


class LogFeed:
    def __init__(self, folder: Path, python: str, root: str) -> None:
        """`root` holds the packages of dltui."""
        self._folder, self._python, self._root = folder, python, root
        self._since = time.time() - 1.0
        """files of one second before count as written after it: clocks of file systems are coarse"""
        self._input: int | None = None
        self._pid: int | None = None
        self._look_at = 0.0

    @property
    def look_at(self) -> float | None:
        """When `look` is due next; None once the process was started."""
        return self._look_at if self._pid is None else None

    def look(self, now: float) -> None:
        """Start the process where a file was written. Raises NotStarted."""
        if self._pid is None and now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            if _is_written(self._folder, self._since, DEPTH):
                self._start()

    def end(self) -> None:
        """Let it send the rest; it closes its connection then. The command has ended."""
        if self._pid is None:
            self._look_at = 0.0
            self.look(time.monotonic())
        if self._input is not None:
            os.close(self._input)
            self._input = None

    @property
    def is_running(self) -> bool:
        """Whether the process may still send; it is reaped at its end."""
        if self._pid is None:
            return False
        if os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = None
            return False
        return True

    def _start(self) -> None:
        reading, self._input = os.pipe2(os.O_CLOEXEC)
        try:
            argv = [self._python, "-P", "-m", "engine.exec.follow_logs", str(self._folder), str(self._since)]
            environ = {**os.environ, "PYTHONPATH": self._root}
            wanted = ScriptStart(argv, environ, os.getcwd(), 0o077)
            self._pid = start(wanted, reading).pid
        finally:
            os.close(reading)


def _is_written(folder: Path, since: float, depth: int) -> bool:
    """Whether a file of TensorBoard below `folder` was written after `since`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if "tfevents" in entry.name:
                    if entry.stat().st_mtime >= since:
                        return True
                elif depth and entry.is_dir(follow_symlinks=False):
                    found = _is_written(Path(entry.path), since, depth - 1)
                    if found:
                        return True
    except OSError:
        pass  # not there yet
    return False
