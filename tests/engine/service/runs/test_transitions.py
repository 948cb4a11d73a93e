"""The table of moves: complete, and its refusals name what works."""

from __future__ import annotations

import pytest

from engine.errors import RunRefused
from engine.protocol import Status
from engine.service.runs.transitions import Transition, move

WORDS = ("pause", "resume", "stop", "set", "remove")


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("word", WORDS)
def test_a_refusal_names_only_moves_that_are_then_granted(status: Status, word: str) -> None:
    try:
        assert move(word, status, "r") in Transition
    except RunRefused as error:
        assert error.message.startswith(f"r is {status} and cannot be ")
        if error.remedy != "Wait until it has ended.":
            granted = error.remedy.removeprefix("Possible now: ").removesuffix(".").split(", ")
            assert word not in granted
            for other in granted:
                assert move(other, status, "r") in (Transition.TELL, Transition.SETTLE)


def test_a_keeper_is_told_exactly_while_there_is_one() -> None:
    told = {(word, status) for word in WORDS for status in Status if _move(word, status) is Transition.TELL}
    assert {status for _, status in told} <= {Status.RUNNING, Status.PAUSING}


def test_whatever_rests_can_be_removed_and_nothing_that_works() -> None:
    removable = {status for status in Status if _move("remove", status)}
    assert removable == {status for status in Status if not status.is_active}


def _move(word: str, status: Status) -> Transition | None:
    try:
        return move(word, status, "r")
    except RunRefused:
        return None
