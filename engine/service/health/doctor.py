"""The doctor: what could go wrong on this machine, the most serious first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.places import Places
from engine.protocol import Finding, Severity
from engine.service.health import data_sets, gpu, logout, machine, permissions, storage

ORDER = (Severity.DANGER, Severity.WARNING, Severity.NOTE, Severity.OK)


def check(places: Places, known: Sequence[Finding] = (), *, deep: bool = False) -> list[Finding]:
    """Takes up to some seconds: not for an event loop. `known` is what the service found by itself.

    `deep` asks the frameworks themselves whether they see a GPU, which takes up to two minutes.
    """
    groups: list[Callable[[], list[Finding]]] = [
        lambda: gpu.check(deep=deep),
        logout.check,
        lambda: storage.check(places),
        lambda: permissions.check(places),
        lambda: data_sets.check(places),
        machine.check,
    ]
    found = [*known, *(finding for group in groups for finding in _run_check(group))]
    return sorted(found, key=lambda finding: ORDER.index(finding.severity))


def _run_check(group: Callable[[], list[Finding]]) -> list[Finding]:
    """One thing that cannot be examined must not hide the others."""
    try:
        return group()
    except (OSError, ValueError) as error:
        logging.exception("the doctor could not examine something")
        return [Finding("doctor", Severity.WARNING, f"A check failed: {error}.")]
