"""The table of transitions is complete, and refusals name the commands that are allowed."""

from __future__ import annotations

import pytest

from engine.errors import RunRefused
from engine.protocol import Status
from engine.service.runs.transitions import Transition, transition

COMMANDS = ("pause", "resume", "stop", "set", "remove")


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_names_only_commands_that_are_allowed(status: Status, command: str) -> None:
    try:
        assert transition(command, status, "r") in Transition
    except RunRefused as error:
        assert error.message.startswith(f"r is {status} and cannot be ")
        if error.remedy != "Wait until it has ended.":
            allowed = error.remedy.removeprefix("Possible now: ").removesuffix(".").split(", ")
            assert command not in allowed
            for other in allowed:
                assert transition(other, status, "r") in (Transition.SEND, Transition.RECORD)


def test_a_command_is_sent_exactly_while_there_is_a_keeper() -> None:
    sent = {
        (command, status)
        for command in COMMANDS
        for status in Status
        if _transition(command, status) is Transition.SEND
    }
    assert {status for _, status in sent} <= {Status.RUNNING, Status.PAUSING}


def test_exactly_the_runs_that_are_not_active_can_be_removed() -> None:
    removable = {status for status in Status if _transition("remove", status)}
    assert removable == {status for status in Status if not status.is_active}


def _transition(command: str, status: Status) -> Transition | None:
    try:
        return transition(command, status, "r")
    except RunRefused:
        return None
