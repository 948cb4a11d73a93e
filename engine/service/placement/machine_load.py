"""Load of the machine (processors, memory, disk), and of a process and its descendants, from /proc.

psutil looks through all processes for the descendants of one: 7.5 ms where this takes 0.3, several times a
second for every run; importing it takes 40 ms.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.protocol import Gpu, Resources


@dataclass(slots=True)
class ResourceMeter:
    root: Path
    cores: int
    _last: tuple[int, int] = (0, 0)

    def read(self, slots_used: int, gpus: Sequence[Gpu] = ()) -> Resources:
        total, available = memory()
        return Resources(
            cores=self.cores,
            cpu_busy=self._busy(),
            memory_used=total - available,
            memory_total=total,
            disk_free=free_bytes(self.root),
            slots_used=slots_used,
            slots=self.cores,
            gpus=tuple(gpus),
        )

    def _busy(self) -> float:
        """Fraction since the last reading; at the first, since the start of the machine."""
        now = processor_ticks()
        busy, whole = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        return round(min(1.0, max(0.0, busy / whole)), 3) if whole > 0 else 0.0


def cores() -> int:
    """The number of cores this process may use: containers and taskset may limit it."""
    return len(os.sched_getaffinity(0))


def processor_ticks(text: str | None = None) -> tuple[int, int]:
    """Busy and all ticks of all processors since the start of the machine."""
    line = (Path("/proc/stat").read_text() if text is None else text).split("\n", 1)[0]
    ticks = [int(field) for field in line.split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def memory(text: str | None = None) -> tuple[int, int]:
    """Total and available bytes."""
    found = {}
    for line in (Path("/proc/meminfo").read_text() if text is None else text).splitlines():
        name, _, value = line.partition(":")
        found[name] = value
    return _bytes(found["MemTotal"]), _bytes(found.get("MemAvailable", found["MemFree"]))


def free_bytes(path: Path) -> int:
    """Bytes available to this user on the file system of `path`; 0 when that is not known."""
    try:
        found = os.statvfs(path)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _bytes(field: str) -> int:
    return int(field.split()[0]) * 1024


# --- a process and its descendants ------------------------------------------------------------------------


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
