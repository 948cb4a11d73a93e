"""Steps and seconds of training until a goal was reached."""

from __future__ import annotations

from engine import fold
from engine.events import Event
from engine.session.mnist_table import GoalTimes


def added(events: list[Event]) -> GoalTimes:
    times = GoalTimes(0.99)
    for event in events:
        fold.add(event, times)
    return times


def goal_times(*lines: tuple[float, str, dict[str, object]]) -> GoalTimes:
    events = [Event(seq, at, kind, facts) for seq, (at, kind, facts) in enumerate(lines, start=1)]
    return added(events)


def accuracy(step: int, value: float | str) -> dict[str, object]:
    return {"series": {"loss": [[step], [0.5]], "val_accuracy": [[step], [value]]}}


def test_the_first_time_counts() -> None:
    found = goal_times(
        (100.0, "started", {}),
        (102.0, "metrics", accuracy(10, 0.98)),
        (105.0, "metrics", accuracy(20, 0.991)),
        (109.0, "metrics", accuracy(30, 0.995)),
    )
    assert found.reached == (20, 5.0)
    assert found.value("val_accuracy") == 0.995 and found.training.seconds == 9.0


def test_a_pause_does_not_count_as_training() -> None:
    found = goal_times(
        (50.0, "note", {"text": "getting ready"}),
        (100.0, "started", {}),
        (103.0, "metrics", accuracy(10, 0.5)),
        (104.0, "ended", {}),
        (8000.0, "note", {"text": "getting ready again"}),
        (9000.0, "started", {}),
        (9000.5, "restored", {"step": 10}),
        (9002.0, "metrics", accuracy(20, 0.99)),
    )
    assert found.reached == (20, 6.0)


def test_time_after_a_kill_does_not_count_as_training() -> None:
    found = goal_times(
        (100.0, "started", {}),
        (103.0, "metrics", accuracy(10, 0.5)),
        (8000.0, "note", {"text": "getting ready again"}),
        (9000.0, "started", {}),
        (9002.0, "metrics", accuracy(20, 0.99)),
    )
    assert found.reached == (20, 5.0)


def test_a_goal_after_the_restored_step_is_not_reached() -> None:
    found = goal_times(
        (0.0, "started", {}),
        (5.0, "metrics", accuracy(10, 0.999)),
        (6.0, "started", {}),
        (7.0, "restored", {"step": 5}),
        (8.0, "metrics", accuracy(9, "nan")),
    )
    assert found.reached is None and found.value("test_accuracy") is None


def test_a_wall_clock_that_jumps_does_not_change_the_seconds() -> None:
    series = {"series": {"val_accuracy": [[10], [0.995]]}}
    for jump in (0.0, 3600.0, -3600.0):
        events = [Event(1, 100.0, "started", {}, 0.0), Event(2, 110.0 + jump, "metrics", series, 10.0)]
        assert added(events).reached == (10, 10.0)
