"""Checks whether runs continue after logout."""

from __future__ import annotations

from engine.client import detach
from engine.client.detach import DetachPlan
from engine.protocol import Finding, Severity


def check_logout(detach_plan: DetachPlan | None = None) -> list[Finding]:
    found = detach_plan or detach.choose()
    severity = Severity.OK if found.survives else Severity.DANGER
    chosen = f"The engine is therefore started with {found.program}."
    verdict = "Runs continue after you log out." if found.survives else "Runs may die when you log out."
    return [Finding("logout", severity, f"{verdict} {found.why} {chosen}", found.remedy)]
