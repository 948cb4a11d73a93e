"""The doctor: what could go wrong on this machine, the most serious first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.places import Places
from engine.protocol import Finding, Severity
from engine.service.health import data_sets, gpu, logout, machine, permissions, storage

ORDER = (Severity.DANGER, Severity.WARNING, Severity.NOTE, Severity.OK)


def examine(places: Places, known: Sequence[Finding] = (), *, deep: bool = False) -> list[Finding]:
    """Takes up to some seconds: not for an event loop. `known` is what the service found by itself.

    `deep` asks the frameworks themselves whether they see a GPU, which takes up to two minutes.
    """
    groups: list[Callable[[], list[Finding]]] = [
        lambda: gpu.examine(deep=deep),
        logout.examine,
        lambda: storage.examine(places),
        lambda: permissions.examine(places),
        lambda: data_sets.examine(places),
        machine.examine,
    ]
    found = [*known, *(finding for group in groups for finding in _carefully(group))]
    return sorted(found, key=lambda finding: ORDER.index(finding.severity))


def _carefully(group: Callable[[], list[Finding]]) -> list[Finding]:
    """One thing that cannot be examined must not hide the others."""
    try:
        return group()
    except (OSError, ValueError) as error:
        logging.exception("the doctor could not examine something")
        return [Finding("doctor", Severity.WARNING, f"A check failed: {error}.")]
