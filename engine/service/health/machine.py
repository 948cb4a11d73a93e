"""Checks memory and cores, and whether runs continue after logout."""

from __future__ import annotations

from pathlib import Path

from engine.client import detach
from engine.client.detach import DetachPlan
from engine.protocol import Finding, Severity
from engine.service.placement.machine_load import cores

LOW_MEMORY_BYTES = 1 << 30


def check(meminfo: Path = Path("/proc/meminfo")) -> list[Finding]:
    facts = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    total, free = (int(facts[name].split()[0]) << 10 for name in ("MemTotal", "MemAvailable"))
    text = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free; {cores()} CPU cores."
    if free < LOW_MEMORY_BYTES:
        remedy = "End what needs it: the kernel kills a worker first when memory runs out."
        return [Finding("memory", Severity.WARNING, text, remedy)]
    return [Finding("memory", Severity.OK, text)]


def check_logout(detach_plan: DetachPlan | None = None) -> list[Finding]:
    found = detach_plan or detach.choose()
    severity = Severity.OK if found.survives else Severity.DANGER
    chosen = f"The engine is therefore started with {found.program}."
    verdict = "Runs continue after you log out." if found.survives else "Runs may die when you log out."
    return [Finding("logout", severity, f"{verdict} {found.why} {chosen}", found.remedy)]
