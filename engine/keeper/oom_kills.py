"""Count the kernel's out-of-memory kills: in our control group, and on the whole machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class OomKills:
    group: int = 0
    machine: int = 0


def count(proc: Path = Path("/proc"), cgroups: Path = _CGROUPS) -> OomKills:
    """Zeros where the kernel does not report them."""
    return OomKills(_in_group(proc / "self/cgroup", cgroups), _number(proc / "vmstat", "oom_kill"))


def happened(before: OomKills, after: OomKills) -> bool:
    return after.group > before.group or after.machine > before.machine


def _in_group(memberships: Path, cgroups: Path) -> int:
    """cgroup 2: `0::PATH`, memory.events; cgroup 1: `N:memory:PATH`, memory.oom_control."""
    total = 0
    for line in _lines(memberships):
        number, controllers, path = line.split(":", 2)
        if number == "0":
            total += _number(cgroups / path.lstrip("/") / "memory.events", "oom_kill")
        elif "memory" in controllers.split(","):
            total += _number(cgroups / "memory" / path.lstrip("/") / "memory.oom_control", "oom_kill")
    return total


def _number(path: Path, name: str) -> int:
    for line in _lines(path):
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
