"""Stats folded from events: last and best values, training time, rate, and rewinding to a checkpoint."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import fold, point_columns
from engine.errors import CorruptRun
from engine.events import Event
from engine.metric_goal import MetricGoal, goal_by_names, goal_of
from engine.point_columns import PointColumns
from engine.protocol import Best, CauseKind, Status
from engine.service.runs import event_summary as run_stats
from engine.service.runs.event_summary import RunStats
from tests.fakes.engine import make_run

SMALL = MetricGoal("loss", largest=False)


def folded(*events: tuple[float, str, dict[str, Any]], goal: MetricGoal = SMALL) -> RunStats:
    stats = RunStats(goal)
    for seq, (at, kind, facts) in enumerate(events, 1):
        fold.add(Event(seq, at, kind, facts), stats)
    return stats


def started(at: float, **facts: Any) -> tuple[float, str, dict[str, Any]]:
    return at, "started", {"total_steps": 100, "device": "cpu", "attempt": 1, **facts}


def loss(at: float, step: int, value: object) -> tuple[float, str, dict[str, Any]]:
    return at, "metrics", {"series": {"loss": [[step], [value]]}}


def saved(at: float, step: int) -> tuple[float, str, dict[str, Any]]:
    return at, "checkpoint", {"step": step, "path": "p", "weights_sha256": "0", "bytes": 1}


def test_the_data_are_those_of_the_last_attempt_that_reported_them() -> None:
    one, two = ({"title": name, "fingerprint": name * 4} for name in ("mnist", "other"))
    assert folded(started(0, data=one), started(1, data={}), started(2)).data_title == "mnist"
    found = folded(started(0, data=one), started(1, data=two))
    assert (found.data_title, found.data_fingerprint) == ("other", "other" * 4)
    assert run_stats.from_json(run_stats.to_json(found), SMALL) == found


def test_without_events_all_stats_are_empty() -> None:
    stats = RunStats()
    assert (stats.step, stats.best, stats.rate, stats.training.seconds, stats.note) == (0, None, 0, 0, "")


def test_metrics_are_the_last_values_and_the_best_may_be_in_between() -> None:
    series = {"loss": [[10, 20, 30], [0.5, 0.1, "nan"]], "accuracy": [[30], ["inf"]], "empty": [[], []]}
    stats = folded(started(1, notice="digits instead of MNIST"), (2, "metrics", {"series": series}))
    assert stats.step == 30 and stats.total_steps == 100 and stats.device == "cpu"
    assert math.isnan(stats.metrics["loss"]) and stats.metrics["accuracy"] == math.inf
    assert "empty" not in stats.metrics
    assert stats.best == Best("loss", 0.1, 20)
    assert stats.data_notice == "digits instead of MNIST" and stats.started_at == 1


def test_the_goal_may_be_the_largest() -> None:
    stats = folded(
        started(0), loss(1, 1, 0.5), loss(2, 2, 0.9), loss(3, 3, 0.7), goal=MetricGoal("loss", True)
    )
    assert stats.best == Best("loss", 0.9, 2)
    assert goal_of(make_run(experiment="mnist").spec) == MetricGoal("val_accuracy", True)
    assert goal_of(make_run(experiment="no longer there").spec) == MetricGoal()


def test_a_rewind_to_a_checkpoint_restores_its_stats_exactly() -> None:
    first = [started(0), loss(1, 10, 0.5), (1, "set", {"step": 10, "name": "lr", "value": 0.1}), saved(1, 10)]
    at_checkpoint = folded(*first)
    stats = folded(
        *first, loss(2, 20, 0.01), (2, "set", {"step": 20, "name": "lr", "value": 9}),
        started(5, attempt=2), (5, "restored", {"step": 10}),
    )  # fmt: skip
    for name in ("step", "metrics", "best", "live", "checkpoint_step"):
        assert getattr(stats, name) == getattr(at_checkpoint, name), name
    fold.add(Event(99, 6, "metrics", {"series": {"loss": [[20], [0.3]]}}), stats)
    assert stats.best == Best("loss", 0.3, 20)


def test_a_rewind_to_step_0_drops_all_points() -> None:
    stats = folded(started(0), loss(1, 5, 0.5), started(2), (2, "restored", {"step": 0}))
    assert (stats.step, stats.metrics, stats.best) == (0, {}, None)


def test_restoring_the_current_step_drops_nothing() -> None:
    stats = folded(started(0), loss(1, 7, 0.5), saved(1, 7), started(2), (2, "restored", {"step": 7}))
    assert stats.step == 7 and stats.metrics == {"loss": 0.5} and stats.best == Best("loss", 0.5, 7)


def test_train_seconds_exclude_pauses() -> None:
    cause = {"kind": "paused", "text": "paused"}
    stats = folded(
        started(100), loss(110, 1, 1), (112, "ended", {"status": "paused", "cause": cause}),
        started(500), loss(503, 2, 1),
    )  # fmt: skip
    assert stats.training.seconds == pytest.approx(12 + 3)
    assert stats.started_at == 100 and stats.exit_message is None


def test_after_a_crash_train_seconds_count_up_to_the_last_event() -> None:
    stats = folded(started(100), loss(110, 1, 1), started(500, attempt=2), loss(505, 2, 1))
    assert stats.training.seconds == pytest.approx(10 + 5)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    slow = [loss(at, at, 1.0) for at in range(100)]
    fast = [loss(100 + at / 10, 100 + at, 1.0) for at in range(300)]
    assert folded(started(0), *slow).rate == pytest.approx(1, rel=0.01)
    assert folded(started(0), *slow, *fast).rate == pytest.approx(10, rel=0.05)
    assert len(folded(started(0), *slow, *fast).recent_steps) < 100


def test_a_note_is_kept_until_a_note_of_severity_ok() -> None:
    full = (2.0, "note", {"text": "disk full", "severity": "warning"})
    assert folded(started(0), full).note == "disk full"
    assert folded(started(0), full, (3, "note", {"text": "saved again", "severity": "ok"})).note == ""
    assert folded(started(0), full, started(4)).note == ""


def test_the_exit_message_of_a_worker_is_kept() -> None:
    stats = folded(started(0), (9, "ended", {"status": "failed", "cause": {"kind": "diverged", "text": "x"}}))
    assert stats.exit_message is not None
    assert (stats.exit_message.status, stats.exit_message.cause.kind) == (Status.FAILED, CauseKind.DIVERGED)


def test_events_of_an_unknown_kind_are_ignored() -> None:
    assert folded(started(0), (1, "image", {"path": "x"}), (2, "unheard of", {})).seq == 3


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("metrics", {}),
        ("metrics", {"series": [1]}),
        ("metrics", {"series": {"loss": [[1], ["what"]]}}),
        ("metrics", {"series": {"loss": 3}}),
        ("set", {"name": "lr", "value": "x"}),
        ("checkpoint", {}),
        ("restored", {"step": None}),
        ("ended", {"status": "over", "cause": {}}),
        ("started", {"total_steps": "many"}),
    ],
)
def test_invalid_facts_are_an_error_that_names_the_event_and_changes_nothing_else(
    kind: str, facts: dict[str, Any]
) -> None:
    stats = folded(started(0), loss(1, 5, 0.5))
    with pytest.raises(CorruptRun, match=f"Event 3 is no {kind}"):
        fold.add(Event(3, 2.0, kind, facts), stats)
    fold.add(Event(4, 3.0, *loss(3, 6, 0.4)[1:]), stats)
    assert stats.step == 6 and stats.seq == 4


action = st.one_of(
    st.tuples(st.just("metrics"), st.integers(1, 50), st.sampled_from([0.1, 0.5, 2.0, "nan", "inf"])),
    st.tuples(st.just("checkpoint"), st.none(), st.none()),
    st.tuples(st.just("resume"), st.none(), st.none()),
    st.tuples(st.just("note"), st.none(), st.none()),
)


@given(st.lists(action, max_size=40), st.integers(0, 40))
def test_stats_continue_from_json_as_without_a_break(actions: list[tuple[str, Any, Any]], cut: int) -> None:
    events = _events(actions)
    whole, first = RunStats(SMALL), RunStats(SMALL)
    for event in events:
        fold.add(event, whole)
    for event in events[:cut]:
        fold.add(event, first)
    second = run_stats.from_json(run_stats.to_json(first), SMALL)
    for event in events[cut:]:
        fold.add(event, second)
    assert _facts(second) == _facts(whole)


@given(st.lists(action, max_size=40))
def test_the_best_is_the_best_of_the_points_that_are_left(
    actions: list[tuple[str, Any, Any]],
) -> None:
    """Compared with brute force over all points that are left after every rewind."""
    events, points = _events(actions), {}
    stats = RunStats(SMALL)
    for event in events:
        fold.add(event, stats)
        if event.kind == "metrics":
            steps, values = event.facts["series"]["loss"]
            points[steps[0]] = values[0]
        elif event.kind == "restored":
            points = {step: value for step, value in points.items() if step <= event.facts["step"]}
    finite = {step: value for step, value in points.items() if isinstance(value, float)}
    if finite:
        assert stats.best is not None and stats.best.value == min(finite.values())
    else:
        assert stats.best is None


def _events(actions: list[tuple[str, Any, Any]]) -> list[Event]:
    """Events as a worker writes them: steps increase, a resume goes back to the last checkpoint."""
    events, step, kept, at = [Event(1, 0.0, "started", {"total_steps": 9})], 0, 0, 0.0
    for kind, number, value in actions:
        at += 1.0
        seq = len(events) + 1
        if kind == "metrics":
            step += number
            events.append(Event(seq, at, "metrics", {"series": {"loss": [[step], [value]]}}))
        elif kind == "checkpoint":
            kept = step
            events.append(Event(seq, at, "checkpoint", {"step": step}))
        elif kind == "resume":
            step = kept
            events.append(Event(seq, at, "started", {"total_steps": 9}))
            events.append(Event(seq + 1, at, "restored", {"step": kept}))
        else:
            events.append(Event(seq, at, "note", {"text": "x", "severity": "note"}))
    return events


def _facts(stats: RunStats) -> str:
    return repr({**run_stats.to_json(stats), "train_seconds": stats.training.seconds})


def on_two_clocks(jump: float) -> list[Event]:
    """Two attempts of 12 and 6 s at two steps a second; the wall clock jumps in the middle of each."""
    facts = {"total_steps": 100, "device": "cpu"}
    cause = {"kind": "paused", "text": "paused"}
    found = [Event(1, 1000.0, "started", {**facts, "attempt": 1}, 0.5)]
    for second in range(1, 13):
        wall = 1000.0 + second + (jump if second > 6 else 0.0)
        found.append(Event(len(found) + 1, wall, "metrics", {"series": {"loss": [[2 * second], [0.5]]}},
                           0.5 + second))  # fmt: skip
    found.append(Event(len(found) + 1, 1012.0 + jump, "ended", {"status": "paused", "cause": cause}, 12.5))
    found.append(Event(len(found) + 1, 1200.0 + jump, "started", {**facts, "attempt": 2}, 0.5))
    for second in range(1, 7):
        wall = 1200.0 + second + (jump if second < 4 else 2 * jump)
        found.append(Event(len(found) + 1, wall, "metrics", {"series": {"loss": [[24 + 2 * second], [0.5]]}},
                           0.5 + second))  # fmt: skip
    return found


@pytest.mark.parametrize("jump", [0.0, 3600.0, -3600.0])
def test_jumps_of_the_wall_clock_change_neither_train_seconds_nor_the_rate(jump: float) -> None:
    stats = RunStats(SMALL)
    for event in on_two_clocks(jump):
        fold.add(event, stats)
    assert stats.training.seconds == pytest.approx(18.0)
    assert stats.rate == pytest.approx(2.0)
    again = run_stats.from_json(json.loads(json.dumps(run_stats.to_json(stats))), SMALL)
    assert again.training.seconds == pytest.approx(18.0)


def test_an_attempt_that_was_killed_counts_up_to_its_last_event() -> None:
    events = [event for event in on_two_clocks(3600.0) if event.kind != "ended"]
    stats = RunStats(SMALL)
    for event in events:
        fold.add(event, stats)
    assert stats.training.seconds == pytest.approx(18.0)


def test_without_a_clock_of_durations_a_wall_clock_set_back_loses_no_more_than_the_jump() -> None:
    stats = folded(started(5000), loss(5010, 1, 1.0), loss(1410, 2, 1.0), loss(1420, 3, 1.0))
    assert stats.training.seconds == pytest.approx(20.0)


def columns(step: int, *values: float, metric: str = "loss") -> tuple[float, str, dict[str, Any]]:
    """Points of an imported run from `step` on."""
    points = PointColumns()
    for place, value in enumerate(values):
        points.steps.append(step + place)
        points.values.append(value)
        points.times.append(0.0)
    last = step + len(values) - 1
    return 0.0, "columns", {"step": last, "series": point_columns.to_json({metric: points})}


def test_the_best_of_an_imported_run_is_that_of_the_points_that_are_left() -> None:
    events = [started(0), columns(0, 5.0, math.nan, 3.0, 4.0, 1.0)]
    assert folded(*events).best == Best("loss", 1.0, 4)
    assert folded(*events, columns(5, 2.0)).best == Best("loss", 1.0, 4)
    assert folded(*events, columns(3, 4.5)).best == Best("loss", 3.0, 2)
    assert folded(*events, (0, "restored", {"step": 1})).best == Best("loss", 5.0, 0)
    assert folded(*events, (0, "restored", {"step": -(2**62)}), columns(0, 7.0)).best == Best("loss", 7.0, 0)
    of_validation = folded(*events, columns(0, 0.5, 0.75, metric="val_accuracy"), columns(5, 0.25))
    assert of_validation.best == Best("val_accuracy", 0.75, 1)


def test_an_imported_run_goes_on_from_json_and_has_no_best_that_is_not_known() -> None:
    stats = folded(started(0), columns(0, 5.0, 3.0, 4.0))
    again = run_stats.from_json(json.loads(json.dumps(run_stats.to_json(stats))), MetricGoal())
    fold.add(Event(9, 0.0, *columns(3, 2.0)[1:]), again)
    assert again.best == Best("loss", 2.0, 3)
    fold.add(Event(10, 0.0, *columns(0, 9.0)[1:]), again)
    assert again.best is None and not again.best_is_known
    fold.add(Event(11, 0.0, *columns(1, 1.0)[1:]), again)
    assert again.best is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.lists(st.sampled_from((1.0, 2.0, 3.0, math.nan, math.inf, -math.inf)), min_size=1),
        )
    )
)
def test_the_best_of_columns_is_the_smallest_of_the_curve(parts: list[tuple[int, list[float]]]) -> None:
    curve: dict[int, float] = {}
    for step, values in parts:
        first = min(step, max(curve, default=-1) + 1)
        curve = {at: value for at, value in curve.items() if at < first}
        curve |= dict(enumerate(values, first))
    begins, length = [], 0
    for step, values in parts:
        begins.append(min(step, length))
        length = begins[-1] + len(values)
    events = [columns(begin, *values) for begin, (_, values) in zip(begins, parts, strict=True)]
    finite = [(value, at) for at, value in sorted(curve.items()) if math.isfinite(value)]
    best = folded(*events).best
    assert (best and (best.value, best.step)) == (min(finite) if finite else None)


@pytest.mark.parametrize(
    ("names", "metric", "largest"),
    [
        (["train_loss", "val_loss", "epoch", "lr"], "val_loss", False),
        (["train/loss", "accuracy", "odd"], "accuracy", True),
        (["eval/loss", "eval/accuracy", "train/loss"], "eval/loss", False),
        (
            ["validation/epoch_loss", "validation/evaluation_loss_vs_iterations"],
            "validation/epoch_loss",
            False,
        ),
        (["val/box_loss", "val/cls_loss", "train/loss"], "", False),
        (["val_loss", "test_loss"], "val_loss", False),
        (["Loss/train", "Loss/test"], "Loss/test", False),
        (["reward", "entropy"], "", False),
        ([], "", False),
    ],
)
def test_names_choose_the_metric_that_counts_or_leave_it_open(
    names: list[str], metric: str, largest: bool
) -> None:
    assert goal_by_names(names) == MetricGoal(metric, largest)
