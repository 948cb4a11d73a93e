"""A trial as a run."""

from __future__ import annotations

import os

import pytest

from engine.service import trial_spec
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.swept import a_spec


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
