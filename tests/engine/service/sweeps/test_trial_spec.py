"""A trial as a run."""

from __future__ import annotations

import os

import pytest

from engine.service.runs import submission
from engine.service.sweeps import trial_spec
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.sweeps.swept import a_spec


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})


@pytest.mark.parametrize(
    ("experiment", "parallel", "threads"),
    [
        *(("mnist", parallel, threads) for parallel, threads in ((1, 2), (2, 1), (8, 1), (0, 1))),
        *(("xor", parallel, 1) for parallel in (0, 3)),
        *(("lm", parallel, threads) for parallel, threads in ((0, 4), (1, 4), (2, 2), (3, 1))),
    ],
)
def test_trials_at_work_at_once_share_the_threads_of_one_run(
    experiment: str, parallel: int, threads: int
) -> None:
    spec = a_spec("lr=0.001,0.01", experiment=experiment, parallel=parallel)
    assert trial_spec.threads_of(spec) == threads
    row = TrialRow(1, 1, {"lr": 0.001}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.made(spec, row, 1.0).threads == threads


@pytest.mark.parametrize(
    ("layers", "direction", "given", "name"),
    [
        (1, "forward", {"framework": "torch"}, "1 layer forward torch"),
        (2, "reversed", {}, "2 layers reversed tensorflow"),
        (2, "forward", {"recipe": "tuned"}, "2 layers forward tensorflow tuned"),
    ],
)
def test_a_run_of_a_suite_is_called_what_it_is(
    layers: int, direction: str, given: dict[str, str], name: str
) -> None:
    spec = a_spec("layers=1,2", "direction=forward,reversed", experiment="lm", params=given)
    row = TrialRow(1, 1, {"layers": layers, "direction": direction}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.made(spec, row, 1.0).name == name
    asked = {"experiment": "lm", "params": {}, "name": name}
    assert submission.read(asked).name == name


def test_runs_of_a_suite_with_many_seeds_and_of_another_sweep_can_be_told_apart() -> None:
    row = TrialRow(3, 1, {"layers": 1, "direction": "forward"}, 7, TrialStatus.WAITING, run="run-1")
    many = a_spec("layers=1,2", "direction=forward,reversed", experiment="lm", seeds=(1, 7))
    assert trial_spec.made(many, row, 1.0).name.endswith("tensorflow seed 7")
    other = a_spec("layers=1,2", experiment="lm")
    assert trial_spec.made(other, row, 1.0).name == f"s-{row.trial}"


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_a_trial_is_of_the_framework_it_was_asked_for(framework: str) -> None:
    spec = a_spec("layers=1,2", experiment="lm", params={"framework": framework})
    row = TrialRow(1, 1, {"layers": 1}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.made(spec, row, 1.0).framework == framework
