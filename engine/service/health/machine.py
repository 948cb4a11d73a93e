"""Checks memory and cores."""

from __future__ import annotations

import os
from pathlib import Path

from engine.protocol import Finding, Severity

LOW_MEMORY_BYTES = 1 << 30


def check(meminfo: Path = Path("/proc/meminfo")) -> list[Finding]:
    facts = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    total, free = (int(facts[name].split()[0]) << 10 for name in ("MemTotal", "MemAvailable"))
    text = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free; {cores()} CPU cores."
    if free < LOW_MEMORY_BYTES:
        remedy = "End what needs it: the kernel kills a worker first when memory runs out."
        return [Finding("memory", Severity.WARNING, text, remedy)]
    return [Finding("memory", Severity.OK, text)]


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0))
