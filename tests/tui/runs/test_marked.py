"""What a verb would do to the marked runs, in words and in numbers."""

from __future__ import annotations

import pytest

from engine.protocol import SkippedRun, Status
from engine.service.runs.transitions import why_not
from tests.fakes.engine import done, make_run
from tui.runs.marked import MarkedRuns, count_of, possible


def left_out(*names: str) -> tuple[SkippedRun, ...]:
    return tuple(SkippedRun(name, name, f"{name} is done and cannot be paused now.") for name in names)


def test_runs_that_are_left_out_for_one_reason_are_told_together() -> None:
    meant = MarkedRuns("pause", (make_run(1, name="goes-on"),), left_out("a", "b", "c"), "Z")
    assert meant.words.splitlines()[1:] == ["Left out, 3: a, b and c are done and cannot be paused now."]


def test_of_many_that_are_left_out_three_are_named_and_the_others_counted() -> None:
    names = [f"r{number}" for number in range(12)]
    other = SkippedRun("x", "x", "x is paused already.", True)
    meant = MarkedRuns("pause", (), (*left_out(*names), other), "Z")
    assert meant.refusal == "r0, r1, r2 and 9 more are done and cannot be paused now. x is paused already."


@pytest.mark.parametrize("verb", ["pause", "stop", "remove"])
@pytest.mark.parametrize("status", list(Status))
def test_a_key_counts_the_runs_that_the_engine_would_do_it_to(verb: str, status: Status) -> None:
    assert possible(verb, status) is (why_not(verb, status, "run")[0] == "")


def test_runs_that_a_verb_is_not_for_are_not_counted() -> None:
    assert count_of("pause", [make_run(1), make_run(2, state=done())]) == 1
