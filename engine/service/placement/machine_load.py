"""Load of the machine (processors, memory, disk), and of processes and their descendants, from /proc.

psutil looks through all processes for the descendants of one: 7.5 ms where `engine.process_tree` takes 0.3,
every second for every run; importing it takes 40 ms.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.machine_protocol import Gpu, Resources
from engine.process_tree import ProcessTree, ProcessUse


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


@dataclass(slots=True)
class ProcessTrees:
    """By the pid of the first process of each."""

    _known: dict[int, ProcessTree] = field(default_factory=dict)

    def use_of(self, pid: int) -> ProcessUse:
        """Of the process and its descendants; zeros when it has ended."""
        return self._known.setdefault(pid, ProcessTree(pid)).use()

    def forget(self, pid: int) -> None:
        self._known.pop(pid, None)
