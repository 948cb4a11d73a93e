"""The spec of the run of a trial."""

from __future__ import annotations

import dataclasses
import os

import pytest

from engine.service.runs.runs import read_submission
from engine.service.sweeps import trial_spec
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.sweeps.sweep_cases import make_sweep_spec


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
def test_parallel_trials_share_the_threads_of_one_run(experiment: str, parallel: int, threads: int) -> None:
    spec = make_sweep_spec("lr=0.001,0.01", experiment=experiment, parallel=parallel)
    assert trial_spec.threads_of(spec) == threads
    row = TrialRow(1, 1, {"lr": 0.001}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.make_spec(spec, row, 1.0).threads == threads


def test_trials_measure_what_they_use_as_often_as_the_sweep_says() -> None:
    spec = dataclasses.replace(make_sweep_spec("lr=0.001,0.01"), system_seconds=2.0)
    row = TrialRow(1, 1, {"lr": 0.001}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.make_spec(spec, row, 1.0).system_seconds == 2.0


@pytest.mark.parametrize(
    ("layers", "direction", "given", "name"),
    [
        (1, "forward", {"framework": "torch"}, "1 layer forward torch"),
        (2, "reversed", {}, "2 layers reversed tensorflow"),
        (2, "forward", {"recipe": "tuned"}, "2 layers forward tensorflow tuned"),
    ],
)
def test_a_run_of_a_suite_has_a_name_from_its_parameters(
    layers: int, direction: str, given: dict[str, str], name: str
) -> None:
    spec = make_sweep_spec("layers=1,2", "direction=forward,reversed", experiment="lm", params=given)
    row = TrialRow(1, 1, {"layers": layers, "direction": direction}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.make_spec(spec, row, 1.0).name == name
    request = {"experiment": "lm", "params": {}, "name": name}
    assert read_submission(request).name == name


def test_runs_of_a_suite_with_several_seeds_have_different_names() -> None:
    row = TrialRow(3, 1, {"layers": 1, "direction": "forward"}, 7, TrialStatus.WAITING, run="run-1")
    many = make_sweep_spec("layers=1,2", "direction=forward,reversed", experiment="lm", seeds=(1, 7))
    assert trial_spec.make_spec(many, row, 1.0).name.endswith("tensorflow seed 7")
    other = make_sweep_spec("layers=1,2", experiment="lm")
    assert trial_spec.make_spec(other, row, 1.0).name == f"s-{row.trial}"


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_a_trial_uses_the_framework_that_was_given(framework: str) -> None:
    spec = make_sweep_spec("layers=1,2", experiment="lm", params={"framework": framework})
    row = TrialRow(1, 1, {"layers": 1}, 1, TrialStatus.WAITING, run="run-1")
    assert trial_spec.make_spec(spec, row, 1.0).framework == framework
