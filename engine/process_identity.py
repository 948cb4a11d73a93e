"""Identity of a process beyond its pid, which the kernel may give to another process later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    boot_id: str
    pid: int
    start_ticks: int
    """field 22 of /proc/PID/stat"""

    def is_alive(self) -> bool:
        return self.boot_id == boot_id() and start_ticks(self.pid) == self.start_ticks


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_ticks(pid: int) -> int | None:
    """The start time in clock ticks since boot; None for a process that has ended, also for a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def of(pid: int) -> ProcessIdentity | None:
    ticks = start_ticks(pid)
    return None if ticks is None else ProcessIdentity(boot_id(), pid, ticks)


def current() -> ProcessIdentity:
    found = of(os.getpid())
    assert found is not None, "a running process has a line in /proc"
    return found
