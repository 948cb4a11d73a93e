"""What a run uses of its machine, measured every few seconds: the facts of a `system` event.

Standard library only: the worker of a command measures with it too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from pathlib import Path

from engine import gpu_readings, memory_limit
from engine.gpu_readings import GpuReading
from engine.memory_limit import MemoryLimit
from engine.process_tree import ProcessTree

SECONDS = 5.0
LEAST, MOST = 1.0, 3600.0
MEGABYTE = 1 << 20
PRESSURE, MEMORY, PROCESSORS = "/proc/pressure/io", "/proc/meminfo", "/proc/stat"


def gpus_of(environ: Mapping[str, str]) -> list[str]:
    """The GPUs that a worker was given, by UUID or number; none on the CPU."""
    names = (name.strip() for name in environ.get("CUDA_VISIBLE_DEVICES", "").split(","))
    return [name for name in names if name and name != "-1"]


def seconds_between(environ: Mapping[str, str]) -> float:
    """DLTUI_SYSTEM_SECONDS, within bounds; 0 turns it off: inf. What is no number is not heeded."""
    try:
        seconds = float(environ.get("DLTUI_SYSTEM_SECONDS") or SECONDS)
    except ValueError:
        return SECONDS
    if seconds <= 0:
        return inf
    return min(MOST, max(LEAST, seconds)) if isfinite(seconds) else SECONDS


class SystemSampler:
    """Measures a process and all that it started, and the GPU of the run as the service tells it."""

    def __init__(
        self,
        pid: int,
        home: Path,
        gpus: Sequence[str] = (),
        *,
        seconds: float = SECONDS,
        began: float | None = None,
    ) -> None:
        """`home` has the file of the service, `gpus` are those of the run, `seconds` may be inf: never.

        `began`: when the process was started, on the monotonic clock; None: what it used counts from now on.
        """
        self.seconds = seconds
        self._tree = ProcessTree(pid)
        self._readings, self._gpus = home / gpu_readings.FILE, gpus
        self._cores = len(os.sched_getaffinity(0))
        now = time.monotonic()
        self._at = now if began is None else began
        self._spent = 0.0 if began is not None or self.seconds == inf else self._tree.use().seconds
        self._waited, self._ticks = _waited_for_disks(), _ticks_of_machine()
        self._last: dict[int, GpuReading] = {}
        """readings of the GPUs by their numbers"""
        self._limit: MemoryLimit | None = None
        self._is_limit_known = False
        self._has_told_cores = False
        self.due_at = self._at + self.seconds
        """on the monotonic clock"""

    def measure(self) -> dict[str, object]:
        """The facts since the last call; empty where the process has ended."""
        now = time.monotonic()
        self.due_at = now + self.seconds
        use = self._tree.use()
        if not use.pids or now <= self._at:
            return {}
        lasted = now - self._at
        busy = max(0.0, use.seconds - self._spent) / lasted
        self._at, self._spent = now, use.seconds
        facts: dict[str, object] = {} if self._has_told_cores else {"cores": self._cores}
        self._has_told_cores = True
        facts |= {"cpu": _short(100 * busy / self._cores), "rss": round(use.rss / MEGABYTE)}
        others = {"mem": self._memory_in_use(), "io": self._waiting(lasted), "all": self._machine_use()}
        facts |= {name: _short(value) for name, value in others.items() if value is not None}
        gpus = self._gpu_facts(now)
        return {**facts, "gpu": gpus} if gpus else facts

    def _memory_in_use(self) -> float | None:
        """Percent of the memory of the machine, or of what its control group may have, if that is fuller."""
        memory = _memory_of_machine()
        if memory is None or not memory[0]:
            return None
        total, available = memory
        if not self._is_limit_known:
            self._limit, self._is_limit_known = memory_limit.find(total), True
        of_group = self._limit.share_in_use() if self._limit else None
        return 100 * max(1 - available / total, of_group or 0.0)

    def _waiting(self, lasted: float) -> float | None:
        """Percent of the time since the last call."""
        before, self._waited = self._waited, _waited_for_disks()
        if self._waited is None or before is None:
            return None
        return min(100.0, 100 * max(0.0, self._waited - before) / lasted)

    def _machine_use(self) -> float | None:
        """Percent since the last call."""
        before, self._ticks = self._ticks, _ticks_of_machine()
        if self._ticks is None or before is None or self._ticks[1] <= before[1]:
            return None
        return 100 * max(0, self._ticks[0] - before[0]) / (self._ticks[1] - before[1])

    def _gpu_facts(self, now: float) -> list[list[object]]:
        """As `engine.system_metrics` reads them; empty while no service tells them."""
        found = gpu_readings.read(self._readings, self._gpus, now) if self._gpus else []
        before, self._last = self._last, {one.number: one for one in found}
        return [_facts_of(before.get(one.number), one) for one in found]


def _facts_of(before: GpuReading | None, now: GpuReading) -> list[object]:
    use = gpu_readings.use_between(before, now)
    share = 100 * now.used_bytes / now.total_bytes if now.total_bytes else None
    return [
        now.number,
        None if use is None else round(100 * use),
        round(now.used_bytes / MEGABYTE),
        None if share is None else _short(share),
        None if now.watts is None else round(now.watts),
        None if now.celsius is None else round(now.celsius),
    ]


def _short(value: float) -> float:
    """Three significant digits: hours of them have to stay small."""
    shown = float(f"{value:.3g}")
    return int(shown) if shown == int(shown) else shown


def _waited_for_disks() -> float | None:
    """Seconds in which some process of the machine waited for a disk; None: the kernel does not count."""
    try:
        with open(PRESSURE, "rb") as file:
            first = file.readline()
        return int(first[first.rindex(b"total=") + 6 :]) / 1e6
    except (OSError, ValueError):
        return None


def _ticks_of_machine() -> tuple[int, int] | None:
    """Ticks in which its processors were busy, and all of them."""
    try:
        with open(PROCESSORS, "rb") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
    except (OSError, ValueError, IndexError):
        return None


def _memory_of_machine() -> tuple[int, int] | None:
    """Bytes in all, and those that are available."""
    found: dict[bytes, int] = {}
    try:
        with open(MEMORY, "rb") as file:
            for _ in range(5):
                name, _, value = file.readline().partition(b":")
                found[name] = int(value.split()[0]) * 1024
        return found[b"MemTotal"], found[b"MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        return None
