"""All checks of `dltui doctor`, the most severe findings first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.places import Places
from engine.protocol import Finding, Severity
from engine.service.health import data_sets, gpu, machine, storage

ORDER = (Severity.DANGER, Severity.WARNING, Severity.NOTE, Severity.OK)


def check(places: Places, known: Sequence[Finding] = (), *, deep: bool = False) -> list[Finding]:
    """Run all checks and add `known`; takes up to some seconds, so call it outside the event loop.

    `deep` also imports the frameworks to count the GPUs they see, which takes up to two minutes.
    """
    groups: list[Callable[[], list[Finding]]] = [
        lambda: gpu.check(deep=deep),
        machine.check_logout,
        lambda: storage.check(places),
        lambda: storage.check_permissions(places),
        lambda: data_sets.check(places),
        machine.check,
    ]
    found = [*known, *(finding for group in groups for finding in _run_check(group))]
    return sorted(found, key=lambda finding: ORDER.index(finding.severity))


def _run_check(group: Callable[[], list[Finding]]) -> list[Finding]:
    """Run one check; its error becomes a finding, so that the others still run."""
    try:
        return group()
    except (OSError, ValueError) as error:
        logging.exception("the doctor could not examine something")
        return [Finding("doctor", Severity.WARNING, f"A check failed: {error}.")]
