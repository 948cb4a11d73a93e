"""Memory and CPU time of a process and its descendants, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LIMIT = 64
"""processes of one tree that are counted"""


@dataclass(frozen=True, slots=True)
class ProcessUse:
    pids: tuple[int, ...] = ()
    rss: int = 0
    """bytes"""
    seconds: float = 0.0
    """of CPU time since the start"""


@dataclass(slots=True)
class CpuRate:
    """From total CPU time to the mean number of busy cores since the last call."""

    _last: dict[int, tuple[float, float]] = field(default_factory=dict)

    def cores(self, pid: int, seconds: float, now: float) -> float:
        before, at = self._last.get(pid, (seconds, now))
        self._last[pid] = (seconds, now)
        return max(0.0, (seconds - before) / (now - at)) if now > at else 0.0

    def forget(self, pid: int) -> None:
        self._last.pop(pid, None)


def use_of(pid: int) -> ProcessUse:
    """Of the process and its descendants; zeros when it has ended."""
    use, waiting = ProcessUse(), [pid]
    while waiting and len(use.pids) < LIMIT:
        current = waiting.pop()
        found = _stat(current)
        if found is not None:
            use = ProcessUse((*use.pids, current), use.rss + found[1], use.seconds + found[0])
            waiting += _children(current)
    return use


def _stat(pid: int) -> tuple[float, int] | None:
    """CPU seconds and resident bytes; None when the process has ended."""
    line = _read(f"/proc/{pid}/stat")
    if not line:
        return None
    fields = line[line.rindex(b")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE


def _children(pid: int) -> list[int]:
    """The processes that its main thread started; empty where the kernel has no such file."""
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
