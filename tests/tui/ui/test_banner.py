"""What must not be overlooked."""

from __future__ import annotations

from engine.protocol import Finding, Severity
from tui.ui.banner import most_serious

OK, NOTE, WARNING, DANGER = (Finding("x", severity, str(severity)) for severity in Severity)


def test_the_gravest_finding_wins() -> None:
    assert most_serious([OK, WARNING, DANGER, NOTE], "") == DANGER


def test_what_was_dismissed_makes_room_for_the_next() -> None:
    assert most_serious([WARNING, DANGER], DANGER.text) == WARNING


def test_all_is_well_says_nothing() -> None:
    assert most_serious([OK, NOTE], "") is None and most_serious([], "") is None
