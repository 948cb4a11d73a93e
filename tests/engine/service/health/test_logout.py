from __future__ import annotations

from engine.client.detach import DetachPlan
from engine.machine_protocol import Finding, Severity
from engine.service.health.doctor import check_logout


def test_runs_that_logout_may_kill_are_a_danger_with_the_remedy() -> None:
    found = check_logout(DetachPlan("setsid", "It kills all.", False, "loginctl enable-linger"))
    assert found == [
        Finding(
            "logout",
            Severity.DANGER,
            "Runs may die when you log out. It kills all. The engine is therefore started with setsid.",
            "loginctl enable-linger",
        )
    ]


def test_runs_that_survive_logout_are_ok() -> None:
    assert check_logout(DetachPlan("systemd-run", "It lingers.", True))[0].severity is Severity.OK
