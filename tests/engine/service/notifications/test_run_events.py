"""Of which changes of a run or a sweep the user is notified."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.notifications import NotificationSettings
from engine.protocol import Cause, CauseKind, Done, Failed, Lost, Paused, RunSummary, Stopped
from engine.service.notifications.run_events import (
    notifications_of_run,
    notifications_of_sweep,
    parse_condition,
)
from engine.sweep_protocol import SweepStatus
from tests.engine.service.rows import a_summary
from tests.fakes.sweeps import make_sweep

ALL = NotificationSettings(condition="val_loss<0.1")
NONE = NotificationSettings(end=False, failure=False, stall=False)
RESTS = {"done": Done, "failed": Failed, "lost": Lost, "stopped": Stopped, "paused": Paused}
RUNNING = a_summary("a", status="running")


def told(before: RunSummary | None, after: RunSummary, settings: NotificationSettings = ALL) -> list[str]:
    condition = parse_condition(settings.condition)
    return [one.kind for one in notifications_of_run(settings, condition, before, after)]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [("done", ["end"]), ("failed", ["failure"]), ("lost", ["failure"]), ("stopped", []), ("paused", [])],
)
def test_the_end_and_the_failure_of_a_run_are_told_and_what_the_user_did_is_not(
    status: str, kinds: list[str]
) -> None:
    ended = replace(RUNNING, state=RESTS[status](9.0, Cause(CauseKind.UNKNOWN, "a cause")))
    assert told(RUNNING, ended) == kinds
    assert told(RUNNING, ended, NONE) == []


def test_nothing_is_told_of_a_run_that_had_ended_before_the_service_knew_it() -> None:
    assert told(None, a_summary("a", status="done", metrics={"val_loss": 0.01})) == []


def test_nothing_is_told_twice() -> None:
    done = a_summary("a", status="done", metrics={"val_loss": 0.01})
    assert told(done, replace(done, notice="other")) == []


def test_the_ends_of_trials_are_those_of_their_sweep() -> None:
    trial = replace(RUNNING, spec=replace(RUNNING.spec, sweep="s", trial=1))
    failed = a_summary("a", status="failed")
    assert told(trial, replace(failed, spec=trial.spec)) == []
    sweep = make_sweep(status=SweepStatus.RUNNING)
    done = replace(sweep, status=SweepStatus.DONE, counts={"done": 3, "failed": 1})
    [one] = notifications_of_sweep(ALL, sweep, done)
    assert (one.title, one.text) == ("sweep sweep-1 is done", "3 done, 1 failed")
    assert not list(notifications_of_sweep(ALL, None, done))
    assert not list(notifications_of_sweep(NONE, sweep, done))


def test_a_stall_is_told_when_it_begins_and_again_after_the_run_went_on() -> None:
    stalled, longer = (replace(RUNNING, notice=f"no step for {seconds} s") for seconds in (61, 62))
    assert told(RUNNING, stalled) == ["stall"]
    assert told(stalled, longer) == []
    assert told(longer, RUNNING) == []
    assert told(RUNNING, stalled, NONE) == []


def test_a_condition_is_told_when_it_begins_to_hold_with_the_values_of_that_step() -> None:
    better = a_summary("a", status="running", metrics={"val_loss": 0.09})
    [one] = notifications_of_run(ALL, parse_condition(ALL.condition), RUNNING, better)
    assert one.title == "run-a: val_loss<0.1"
    assert one.text == "step 10, val_loss 0.09; best val_loss 0.09 at step 3"
    assert told(better, replace(better, metrics={"val_loss": 0.08})) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val_loss<0.5", True), ("val_loss<=0.4", True), ("val_loss>0.4", False), ("val_loss>=0.4", True),
        ("val_loss=0.4", True), ("val_loss!=0.4", False), ("loss<1", False), ("loss!=1", False),
        ("unknown<1", False), ("experiment=mnist", True), ("experiment!=mnist", False),
        ("experiment=mnist and val_loss<0.5", True), ("experiment=xor or val_loss<0.5", True),
        ("not experiment=xor", True), ("lr<0.1", True), ("status=running", True), ("step>=10", True),
        ("val_loss<0.5 (experiment=xor or lr=0.01)", True), ("mnist val_loss<0.5", True),
        ("xor val_loss<0.5", False), ("experiment=MNIST", True), ("bypass=yes", True), ("bypass=no", False),
        ("name~/^run-/ and val_loss<1", True), ("name!~/^run-/", False), ("state=running", True),
        ("params.lr=0.01", True), ("metrics.val_loss<0.5", True), ("metrics.lr=0.01", False),
    ],
)  # fmt: skip
def test_a_condition_is_about_facts_metrics_and_parameters(text: str, expected: bool) -> None:
    metrics = {"val_loss": 0.4, "loss": math.nan}
    run = a_summary("a", "mnist", "running", metrics, params={"lr": 0.01, "bypass": True})
    clause = parse_condition(text)
    assert clause is not None
    assert clause(run) is expected


def test_live_values_count_before_submitted_ones() -> None:
    run = a_summary("a", "mnist", "running", params={"lr": 0.01}, live={"lr": 1.0})
    clause = parse_condition("lr=1")
    assert clause is not None
    assert clause(run)


@pytest.mark.parametrize("text", ["word", "val_loss<", "((", "not word", "val_loss<low", "age<2d", "tag:x"])
def test_a_condition_that_compares_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_condition(text)
