"""A command for the marked runs: the texts of its dialog, and its counts."""

from __future__ import annotations

import pytest

from engine.protocol import Cause, CauseKind, Paused, Queued, Running, SkippedRun, State, Status
from engine.service.runs.transitions import why_not
from engine.table_protocol import SweepRow
from tests.fakes.engine import done, make_run
from tui.runs.marked_command import (
    MarkedRuns,
    count_of,
    count_of_trials,
    done_text,
    possible,
    verb_of_pause,
    verb_of_sweep,
)

PAUSED = Paused(1.0, Cause(CauseKind.PAUSED, "Paused."))


def left_out(*names: str) -> tuple[SkippedRun, ...]:
    return tuple(SkippedRun(name, name, f"{name} is done and cannot be paused now.") for name in names)


def test_the_question_lists_what_will_happen_to_each_run() -> None:
    runs = tuple(make_run(number, name=f"r{number}") for number in range(1, 14))
    queued = make_run(14, name="waiting", state=Queued("no free slot"))
    marked = MarkedRuns("pause", (*runs, queued), left_out(*(f"d{number}" for number in range(5))), "Z")
    assert marked.details.splitlines() == [
        *(f"r{number} (running): pauses at its next step" for number in range(1, 14)),
        "waiting (queued): is paused at once",
        "Left out, 5:",
        *(f"d{number} is done and cannot be paused now." for number in range(5)),
    ]


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "remove"])
@pytest.mark.parametrize("state", [Running(1.0), Queued("no free slot"), PAUSED, done()])
def test_every_verb_has_an_effect_for_every_run_it_applies_to(verb: str, state: State) -> None:
    run = make_run(1, name="one", state=state)
    if possible(verb, run.status):
        assert MarkedRuns(verb, (run,), (), "Z").details.startswith(f"one ({run.status}): ")


def test_of_many_that_are_left_out_twenty_are_named_and_the_others_counted() -> None:
    names = [f"r{number}" for number in range(25)]
    other = SkippedRun("x", "x", "x is paused already.", True)
    plan = MarkedRuns("pause", (), (*left_out(*names), other), "Z")
    named = ", ".join(names[:20])
    assert plan.refusal == f"{named} and 5 more are done and cannot be paused now. x is paused already."


@pytest.mark.parametrize(
    ("verb", "states", "text"),
    [
        ("stop", [Running(1.0), Queued("")], "1 run stops at its next step. 1 run is stopped."),
        ("stop", [Running(1.0), Running(1.0)], "2 runs stop at their next step."),
        ("pause", [Queued(""), Queued("")], "2 runs are paused."),
        ("resume", [PAUSED], "1 run resumes from its last checkpoint."),
    ],
)
def test_the_message_says_what_was_done_to_each(verb: str, states: list[State], text: str) -> None:
    assert done_text(verb, [make_run(number, state=state) for number, state in enumerate(states, 1)]) == text


@pytest.mark.parametrize("verb", ["pause", "stop", "remove"])
@pytest.mark.parametrize("status", list(Status))
def test_a_key_counts_the_runs_that_its_command_is_possible_for(verb: str, status: Status) -> None:
    assert possible(verb, status) is (why_not(verb, status, "run")[0] == "")


def test_runs_that_a_command_is_not_possible_for_are_not_counted() -> None:
    assert count_of("pause", [make_run(1), make_run(2, state=done())]) == 1


@pytest.mark.parametrize(("verb", "count"), [("pause", 1), ("stop", 1), ("remove", 7), ("resume", 0)])
def test_the_keys_on_the_row_of_a_sweep_count_the_trials_that_they_apply_to(verb: str, count: int) -> None:
    sweep = SweepRow(0, "id", "mnist", 8, {"done": 5, "pruned": 2, "running": 1}, 1.0)
    assert count_of_trials(verb, sweep) == count


@pytest.mark.parametrize(
    ("states", "verb"),
    [
        ([PAUSED, PAUSED], "resume"),
        ([PAUSED, done()], "resume"),
        ([PAUSED, Running(1.0)], "pause"),
        ([PAUSED, Queued("")], "pause"),
        ([done()], "pause"),
        ([], "pause"),
    ],
)
def test_the_key_resumes_paused_runs_unless_others_can_still_be_paused(
    states: list[State], verb: str
) -> None:
    runs = [make_run(number, state=state) for number, state in enumerate(states, 1)]
    assert verb_of_pause(runs) == verb
    counts = {status: sum(run.status is status for run in runs) for status in {run.status for run in runs}}
    sweep = SweepRow(0, "id", "mnist", len(runs), {str(one): count for one, count in counts.items()}, 1.0)
    assert verb_of_sweep(sweep) == verb
