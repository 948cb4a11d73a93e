from __future__ import annotations

import pytest

from engine.machine_protocol import Finding, Severity
from engine.places import Places
from engine.service.health import doctor, storage


def test_the_most_severe_finding_comes_first(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.root.chmod(0o755)
    found = doctor.check(places)
    ranks = [doctor.ORDER.index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)
    assert found[0].severity is Severity.DANGER and "0755" in found[0].text
    assert found[0].remedy == f"chmod 700 {places.root}"


def test_every_topic_has_a_finding(places: Places) -> None:
    topics = {finding.topic for finding in doctor.check(places)}
    assert topics == {
        "gpu", "torch", "tensorflow", "logout", "disk", "file system", "sqlite", "home", "socket", "data",
        "texts", "memory",
    }  # fmt: skip


def test_severe_findings_have_a_remedy(places: Places) -> None:
    for finding in doctor.check(places):
        assert finding.text.isprintable()
        assert finding.remedy or finding.severity in (Severity.OK, Severity.NOTE)


def test_one_failing_check_does_not_hide_the_others(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Places) -> list[Finding]:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(storage, "check", fail)
    found = doctor.check(places)
    assert any("on fire" in finding.text for finding in found)
    assert any(finding.topic == "memory" for finding in found)
