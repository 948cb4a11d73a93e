"""Starts the process that reads the logs that a command writes, once there is something to read."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from engine.exec.log_places import LogPlace, is_written
from engine.exec.script_process import ScriptStart, start

LOOK_SECONDS, MOST_SECONDS = 0.25, 2.0
LOOK_SHARE = 0.002
"""of the time that looks may take: one that takes long, in a folder with many, is seldom"""
END_SECONDS = 30.0
"""that the process has to send the rest when the command has ended"""


class LogFeed:
    def __init__(self, places: Sequence[LogPlace], begun: float | None, python: str, root: str) -> None:
        """`begun` is when the first attempt was started, if this is another; `root` holds the packages."""
        self._places, self._python, self._root = places, python, root
        self._since = time.time() - 1.0
        """files of one second before count as written after it: clocks of file systems are coarse"""
        self._begun = self._since if begun is None else min(begun - 1.0, self._since)
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
            began = time.thread_time()
            written = [place for place in self._places if is_written(place, self._since)]
            took = time.thread_time() - began
            self._look_at = now + min(MOST_SECONDS, max(LOOK_SECONDS, took / LOOK_SHARE))
            if written:
                self._start(written)

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

    def _start(self, written: Sequence[LogPlace]) -> None:
        reading, self._input = os.pipe2(os.O_CLOEXEC)
        try:
            facts = (str(self._since), str(self._begun), str(len(written)))
            others = [place for place in self._places if place not in written]
            places = [f"{place.kind}:{place.path}" for place in (*written, *others)]
            argv = [self._python, "-P", "-m", "engine.exec.follow_logs", *facts, *places]
            environ = {**os.environ, "PYTHONPATH": self._root}
            wanted = ScriptStart(argv, environ, os.getcwd(), 0o077)
            self._pid = start(wanted, reading).pid
        finally:
            os.close(reading)
