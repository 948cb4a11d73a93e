"""The banner."""

from __future__ import annotations

from engine.machine_protocol import Finding, Severity
from tui.ui.problem_banner import most_serious

OK, NOTE, WARNING, DANGER = (Finding("x", severity, str(severity)) for severity in Severity)


def test_the_most_severe_finding_is_shown() -> None:
    assert most_serious([OK, WARNING, DANGER, NOTE], "") == DANGER


def test_a_dismissed_finding_is_replaced_by_the_next() -> None:
    assert most_serious([WARNING, DANGER], DANGER.text) == WARNING


def test_without_findings_nothing_is_shown() -> None:
    assert most_serious([OK, NOTE], "") is None and most_serious([], "") is None
