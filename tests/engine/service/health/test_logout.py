from __future__ import annotations

from engine.client.detach import Detaching
from engine.protocol import Finding, Severity
from engine.service.health.logout import examine


def test_what_logging_out_kills_is_a_danger_with_its_remedy() -> None:
    found = examine(Detaching("setsid", "It kills all.", False, "loginctl enable-linger"))
    assert found == [
        Finding(
            "logout",
            Severity.DANGER,
            "Runs may die when you log out. It kills all. The engine is therefore started with setsid.",
            "loginctl enable-linger",
        )
    ]


def test_what_survives_is_fine() -> None:
    assert examine(Detaching("systemd-run", "It lingers.", True))[0].severity is Severity.OK
