"""What a process and its descendants use."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LIMIT = 64
"""processes of one tree that are looked at"""


@dataclass(frozen=True, slots=True)
class ProcessUse:
    pids: tuple[int, ...] = ()
    rss: int = 0
    """bytes"""
    seconds: float = 0.0
    """of CPU time so far"""


@dataclass(slots=True)
class CpuRate:
    """CPU time so far to cores kept busy since the last look."""

    _last: dict[int, tuple[float, float]] = field(default_factory=dict)

    def cores(self, pid: int, seconds: float, now: float) -> float:
        before, at = self._last.get(pid, (seconds, now))
        self._last[pid] = (seconds, now)
        return max(0.0, (seconds - before) / (now - at)) if now > at else 0.0

    def forget(self, pid: int) -> None:
        self._last.pop(pid, None)


def use_of(pid: int) -> ProcessUse:
    """Of the process and all it started; nothing when it is gone."""
    use, waiting = ProcessUse(), [pid]
    while waiting and len(use.pids) < LIMIT:
        one = waiting.pop()
        found = _stat(one)
        if found is not None:
            use = ProcessUse((*use.pids, one), use.rss + found[1], use.seconds + found[0])
            waiting += _children(one)
    return use


def _stat(pid: int) -> tuple[float, int] | None:
    """CPU seconds, bytes of memory."""
    line = _read(f"/proc/{pid}/stat")
    if not line:
        return None
    fields = line[line.rindex(b")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE


def _children(pid: int) -> list[int]:
    """Those its main thread started; a kernel without that file has none to tell."""
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
