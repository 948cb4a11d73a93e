from __future__ import annotations

from engine.client.detach import DetachPlan
from engine.protocol import Finding, Severity
from engine.service.health.logout import check


def test_what_logging_out_kills_is_a_danger_with_its_remedy() -> None:
    found = check(DetachPlan("setsid", "It kills all.", False, "loginctl enable-linger"))
    assert found == [
        Finding(
            "logout",
            Severity.DANGER,
            "Runs may die when you log out. It kills all. The engine is therefore started with setsid.",
            "loginctl enable-linger",
        )
    ]


def test_what_survives_is_fine() -> None:
    assert check(DetachPlan("systemd-run", "It lingers.", True))[0].severity is Severity.OK
