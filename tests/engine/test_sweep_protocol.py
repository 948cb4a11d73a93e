"""Sweeps, trials and pages survive JSON."""

from __future__ import annotations

import json
import math

from engine.sweep_protocol import (
    SweepStatus,
    TrialGroup,
    TrialPage,
    TrialStatus,
    sweep_from_json,
    sweep_spec_from_json,
)
from engine.typed_json import to_json, typed
from tests.fakes.sweeps import make_sweep, make_trial


def test_a_sweep_survives_json() -> None:
    sweep = make_sweep(3, trials=(make_trial(1), make_trial(2, status=TrialStatus.PRUNED)), why="waits")
    assert sweep_from_json(json.loads(json.dumps(to_json(sweep)))) == sweep
    spec = sweep.spec
    assert sweep_spec_from_json(json.loads(json.dumps(to_json(spec)))) == spec
    assert sweep.settled == 2 and sweep.status is SweepStatus.RUNNING


def test_a_page_survives_json_with_metrics_that_are_not_finite() -> None:
    row = make_trial(4, metrics={"loss": math.inf, "val_loss": 0.5}, value=None, pinned=True)
    group = TrialGroup({"hidden": 2, "bypass": True}, 3, 2, 0.5, None, row)
    page = TrialPage((row,), (group,), 1, 9)
    assert typed(json.loads(json.dumps(to_json(page), allow_nan=False)), TrialPage, strict=True) == page


def test_active_and_waiting_trials_are_not_settled() -> None:
    moving = {status for status in TrialStatus if not status.is_settled}
    assert moving == {
        TrialStatus.WAITING, TrialStatus.QUEUED, TrialStatus.RUNNING, TrialStatus.PAUSING,
        TrialStatus.STOPPING,
    }  # fmt: skip


def test_a_sweep_of_before_has_the_present_name_of_its_experiment() -> None:
    spec = to_json(make_sweep(1).spec)
    assert sweep_spec_from_json({**spec, "experiment": "xor_lanes"}).experiment == "xor_batch"
