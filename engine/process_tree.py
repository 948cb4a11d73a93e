"""A process and all that it started, from /proc: who belongs to it, processor time, memory.

Standard library only: the worker of a command imports it.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LIMIT = 64
"""processes of one tree that are counted"""
PAUSE_SHARE = 1000
MOST_PAUSE = 30.0
"""who belongs to a tree is looked up again after this many times what it took, and at most so many seconds"""


class ProcessUse(NamedTuple):
    pids: tuple[int, ...] = ()
    rss: int = 0
    """bytes; memory that processes share is counted for each"""
    seconds: float = 0.0
    """of processor time since the start, with that of children that have ended and were waited for"""


class _Stat(NamedTuple):
    seconds: float
    threads: int
    start: int
    """in clock ticks since boot: the kernel may give the pid to another process later"""
    rss: int


class ProcessTree:
    """Of one process, whose descendants may come and go."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._members: dict[int, int] = {}
        """start of each process by its pid"""
        self._look_at = 0.0

    def use(self) -> ProcessUse:
        """Zeros when the process has ended."""
        now = time.monotonic()
        if now >= self._look_at:
            self._members = _members(self.pid)
            took = time.monotonic() - now
            self._look_at = now + min(MOST_PAUSE, PAUSE_SHARE * took)
        pids, rss, seconds = list[int](), 0, 0.0
        for pid, start in self._members.items():
            found = _stat(pid)
            if found is not None and found.start == start:
                pids.append(pid)
                rss += found.rss
                seconds += found.seconds
            elif pid == self.pid:
                return ProcessUse()
        return ProcessUse(tuple(pids), rss, seconds)


def children(pid: int, threads: int | None = None) -> list[int]:
    """Those that any of its threads started; empty where it has ended or the kernel has no such files."""
    if threads == 1:
        return _numbers(f"/proc/{pid}/task/{pid}/children")
    try:
        names = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [child for name in names for child in _numbers(f"/proc/{pid}/task/{name}/children")]


def _members(root: int) -> dict[int, int]:
    found: dict[int, int] = {}
    waiting = [root]
    while waiting and len(found) < LIMIT:
        pid = waiting.pop()
        stat = _stat(pid) if pid not in found else None
        if stat is not None:
            found[pid] = stat.start
            waiting += children(pid, stat.threads)
    return found


def _stat(pid: int) -> _Stat | None:
    """None when the process has ended."""
    line = _read(f"/proc/{pid}/stat")
    if not line:
        return None
    fields = line[line.rindex(b")") + 2 :].split()
    return _Stat(
        sum(map(int, fields[11:15])) / TICKS, int(fields[17]), int(fields[19]), int(fields[21]) * PAGE
    )


def _numbers(path: str) -> list[int]:
    return [int(number) for number in _read(path).split()]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
