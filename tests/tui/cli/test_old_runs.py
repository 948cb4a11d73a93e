"""Clean-up by age: what is chosen, what is kept and why."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.protocol import Queued, RunSummary
from tests.fakes.engine import done, make_run
from tui.data.old_runs import choose_old, seconds_of_age

DAY = 86_400.0
NOW = time.time()


def ended(number: int, days: float, **facts: object) -> RunSummary:
    run = make_run(number, created=NOW - 99 * DAY, state=done(), **facts)  # type: ignore[arg-type]
    return replace(run, state=replace(run.state, at=NOW - days * DAY))  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 30 * DAY), ("1w2d", 9 * DAY), ("1.5h", 5_400), ("90m", 5_400)]
)
def test_ages_are_those_of_filters(text: str, seconds: float) -> None:
    assert seconds_of_age(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "30 days", "-3d", "3dx"])
def test_what_is_no_age_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"expected one such as 30d"):
        seconds_of_age(text)


def test_runs_that_ended_before_are_chosen_the_largest_first_with_their_total() -> None:
    runs = [ended(1, 40, disk=10), ended(2, 50, disk=30), ended(3, 20, disk=99)]
    found = choose_old(runs, NOW - 30 * DAY, (), ())
    assert [run.disk for run in found.runs] == [30, 10] and found.bytes == 40 and found.kept == {}


def test_what_has_not_ended_parents_and_trials_of_a_sweep_that_goes_on_are_kept() -> None:
    parent, trial = ended(1, 40), ended(2, 40, sweep="s")
    waiting, training = make_run(3, state=Queued("")), make_run(4)
    found = choose_old([parent, trial, waiting, training], NOW - 30 * DAY, {parent.id}, {"s"})
    assert found.runs == ()
    assert found.kept == {
        "other runs began with it": 1, "trial of a sweep that has not ended": 1, "queued": 1, "running": 1,
    }  # fmt: skip
    assert len(choose_old([trial], NOW - 30 * DAY, (), ()).runs) == 1
