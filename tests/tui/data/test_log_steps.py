"""The step of a line of a log: named, known by place, known by time, or unknown."""

from __future__ import annotations

import time

import pytest

from tui.data.log_steps import (
    PLACES_LIMIT,
    LineStep,
    LogLine,
    LogSteps,
    RunClock,
    named_step,
    nearest_line,
    step_of_line,
)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("step 1200 loss 0.25", 1200),
        ("[Step 1,200/5,000] loss 0.25", 1200),
        ('{"step": 17, "loss": 0.5}', 17),
        ("global_step=40 lr=0.1", 40),
        ("iter [ 12/100]", 12),
        ("Iteration #7 done", 7),
        ("update: 9", 9),
        ("loss 0.25", None),
        ("steps: 5000 in all", None),
        ("step 0.5 of the grid", None),
        ("step 1e5", None),
        ("timestep 12", None),
    ],
)
def test_a_line_names_its_step(text: str, step: int | None) -> None:
    assert named_step(text) == step


def places(*pairs: tuple[int, float]) -> LogSteps:
    found = LogSteps()
    for offset, step in pairs:
        found.add(offset, step)
    return found


def test_a_line_between_two_places_gets_a_step_between_theirs() -> None:
    known = places((100, 10), (300, 30))
    assert known.estimate(100) == 10 and known.estimate(200) == 20 and known.estimate(900) == 30
    assert known.estimate(50) == 5
    assert step_of_line(LogLine(200, "saved"), known, 30) == LineStep(20, False)


def test_a_named_step_wins_where_it_fits_what_was_written_then() -> None:
    known = places((100, 1000), (300, 3000))
    assert step_of_line(LogLine(200, "step 2100"), known, 3000) == LineStep(2100, True)
    assert step_of_line(LogLine(200, "step 90000 of the schedule"), known, 3000) == LineStep(2000, False)


def test_without_places_a_named_step_counts_up_to_the_last_one() -> None:
    assert step_of_line(LogLine(0, "step 5"), LogSteps(), 100) == LineStep(5, True)
    assert step_of_line(LogLine(0, "step 500"), LogSteps(), 100) is None
    assert step_of_line(LogLine(0, "nothing"), LogSteps(), 100) is None


def test_the_time_at_which_a_line_begins_is_the_last_resort() -> None:
    began = time.mktime((2026, 11, 30, 23, 59, 0, 0, 0, -1))
    clock = RunClock(began, began + 120, lambda at: at - began)
    line = LogLine(0, "2026-11-30 23:59:30,123 INFO saved")
    assert step_of_line(line, LogSteps(), 120, clock) == LineStep(30, False)
    assert step_of_line(LogLine(0, "[00:00:10] saved"), LogSteps(), 120, clock) == LineStep(70, False)


def test_events_tell_the_length_of_the_log_and_imports_many_places_at_once() -> None:
    known = LogSteps()
    known.take({"log_steps": [[0, 100], [0, 10]], "log": 200}, 30)
    known.take({"log": True}, 40)
    known.take({"log_steps": "?"}, 40)
    assert known.around(50) == (0, 10) and known.around(150) == (10, 30) and known.around(900) == (30, 30)


def test_a_step_is_found_where_it_was_trained_last() -> None:
    known = places((100, 10), (200, 20), (300, 12), (400, 22))
    assert known.offset_of(15) == 330 and known.offset_of(20) == 380 and known.offset_of(5) == 50
    assert known.offset_of(99) == 400
    assert LogSteps().offset_of(3) is None


def test_a_run_that_went_back_has_the_later_step_at_the_line_between() -> None:
    assert places((100, 50), (300, 40)).around(200) == (40, 40)


def test_places_are_thinned_and_stay_in_order() -> None:
    known = LogSteps()
    for index in range(3 * PLACES_LIMIT):
        known.add(10 * index, index)
    assert abs((known.offset_of(PLACES_LIMIT) or 0) - 10 * PLACES_LIMIT) <= 40
    assert known.estimate(10 * PLACES_LIMIT) == pytest.approx(PLACES_LIMIT, abs=4)


def test_the_line_of_a_step_is_the_last_one_that_is_not_behind_it() -> None:
    steps = [LineStep(10, True), None, LineStep(20, True), LineStep(20, False), LineStep(30, True)]
    assert nearest_line(steps, 25, 0) == 2
    assert nearest_line(steps, 5, 0) == 0
    assert nearest_line([None], 5, 0) is None
