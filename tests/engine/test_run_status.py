"""The state of a run for all combinations of its files."""

from __future__ import annotations

import dataclasses

import pytest

from engine import process_identity
from engine.protocol import Cause, CauseKind, Paused, Pausing, Queued, Running, Status, Stopping, status_of
from engine.run_status import state_of
from engine.store import ExitFacts, KeeperFacts, Wanted

ALIVE = KeeperFacts(1, process_identity.current(), 5.0)
DEAD = dataclasses.replace(ALIVE, identity=dataclasses.replace(process_identity.current(), start_ticks=1))
CAUSE = Cause(CauseKind.PAUSED, "paused")


def ended(attempt: int, status: Status = Status.PAUSED) -> ExitFacts:
    return ExitFacts(attempt, status, CAUSE, 9.0)


def test_a_run_without_a_keeper_is_queued_with_the_reason() -> None:
    assert state_of(Wanted(), None, None, "waits behind x") == Queued("waits behind x")
    assert state_of(Wanted(), None, None) == Queued("waits for its turn")


def test_a_run_whose_keeper_is_alive_is_running() -> None:
    assert state_of(Wanted(), ALIVE, None) == Running(5.0)


def test_a_command_that_the_keeper_received_sets_the_state() -> None:
    assert state_of(Wanted(), dataclasses.replace(ALIVE, asked="pause", asked_at=7.0), None) == Pausing(7.0)
    assert state_of(Wanted(), dataclasses.replace(ALIVE, asked="stop", asked_at=7.0), None) == Stopping(7.0)


@pytest.mark.parametrize("status", [Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST])
def test_the_exit_of_this_attempt_counts_even_while_the_keeper_is_alive(status: Status) -> None:
    for keeper in (ALIVE, DEAD):
        found = state_of(Wanted(), keeper, ended(1, status))
        assert found is not None and status_of(found) is status


def test_the_exit_of_an_earlier_attempt_does_not_count() -> None:
    assert state_of(Wanted(2), DEAD, ended(1)) == Queued("waits for its turn")
    second = dataclasses.replace(ALIVE, attempt=2)
    assert state_of(Wanted(2), second, ended(1)) == Running(5.0)


def test_a_queued_run_can_end_without_a_keeper() -> None:
    assert state_of(Wanted(), None, ended(1)) == Paused(9.0, CAUSE)
    assert state_of(Wanted(2), DEAD, ended(2)) == Paused(9.0, CAUSE)


def test_the_state_is_unknown_where_the_keeper_ended_without_an_exit() -> None:
    assert state_of(Wanted(), DEAD, None) is None
    assert state_of(Wanted(2), dataclasses.replace(DEAD, attempt=2), ended(1)) is None
