"""The memory that a control group allows this process, as in a container or a batch job, and what is used.

Standard library only: the worker of a command measures with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine import files

_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


class MemoryLimit(NamedTuple):
    bytes: int
    used: Path
    stat: Path
    cached: str
    """the line of `stat` with what is given back where memory is needed"""

    def share_in_use(self) -> float | None:
        """0 to 1, without cached files; None where the kernel does not tell."""
        used = _whole(self.used)
        if used is None:
            return None
        return max(0, used - _line(self.stat, self.cached)) / self.bytes


def find(total: int, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> MemoryLimit | None:
    """The lowest limit of the group of this process and those above it; None where all have `total` bytes."""
    found = [limit for limit in _limits(proc / "self/cgroup", cgroups) if 0 < limit.bytes < total]
    return min(found, key=lambda limit: limit.bytes, default=None)


def _limits(memberships: Path, cgroups: Path) -> Iterator[MemoryLimit]:
    """cgroup 2: `0::PATH`; cgroup 1: `N:memory:PATH`."""
    for line in files.text_of(memberships).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            top, names = cgroups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top, names = (
                cgroups / "memory",
                ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
            )
        else:
            continue
        folder = top / path.lstrip("/")
        for place in (folder, *folder.parents):
            limit = _whole(place / names[0])
            if limit is not None:
                yield MemoryLimit(limit, place / names[1], place / "memory.stat", names[2])
            if place == top:
                break


def _whole(path: Path) -> int | None:
    """None for no number, such as max."""
    text = files.text_of(path).strip()
    return int(text) if text.isdecimal() else None


def _line(path: Path, name: str) -> int:
    for line in files.text_of(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdecimal():
            return int(value)
    return 0
