"""TPE: better than random search on a valley, and in agreement with the journal after any crash."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

from engine.axes import sample_point
from engine.catalog import find
from engine.params import Value
from engine.service.sweeps import trial_result, trial_spec
from engine.service.sweeps.sampler import TpeSampler
from engine.service.sweeps.sweep import Config, Sweep
from engine.sweep_protocol import TrialStatus, WidenEdit
from tests.engine.service.sweeps.sweep_cases import (
    Objective,
    add_result,
    asked_entry,
    make_sweep_spec,
    open_sweep,
    told_entry,
)

AXES = ("lr=0.0001..1 log", "target=0.001..1")
TRIALS = 40


def valley(params: dict[str, Value]) -> float:
    """A function with its minimum at lr = 0.01, target = 0.3."""
    return (math.log10(float(params["lr"])) + 2) ** 2 + 8 * (float(params["target"]) - 0.3) ** 2


def searched(path: Path, seed: int, objective: Objective = valley) -> Sweep:
    sweep = open_sweep(path, make_sweep_spec(*AXES, sampler="tpe", trials=TRIALS, seed=seed))
    study = TpeSampler.open_study(sweep)
    for number in range(1, TRIALS + 1):
        config = Config(number, study.ask(number), number - 1)
        add_result(sweep, config, objective(config.params))
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
    return sweep


def best_of(sweep: Sweep) -> float:
    best = sweep.best()
    assert best is not None and best.value is not None
    return best.value


def test_it_finds_the_minimum_better_than_random_search(tmp_path: Path) -> None:
    spec = make_sweep_spec(*AXES)
    kinds = trial_spec.axis_params(find("mnist"))
    found, by_chance = [], []
    for seed in range(5):
        found.append(best_of(searched(tmp_path / str(seed), seed)))
        points = (sample_point(spec.axes, kinds, seed, number) for number in range(TRIALS))
        by_chance.append(min(map(valley, points)))
    assert statistics.median(found) < statistics.median(by_chance) / 2


def test_the_same_seed_gives_the_same_configurations_over_restarts(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole", 3)
    sweep = open_sweep(tmp_path / "torn", make_sweep_spec(*AXES, sampler="tpe", trials=TRIALS, seed=3))
    for number in range(1, TRIALS + 1):
        study = TpeSampler.open_study(sweep)  # a new service for every configuration
        config = Config(number, study.ask(number), number - 1)
        add_result(sweep, config, valley(config.params))
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
        sweep.fold({"kind": "learned", "config": number})
    assert [c.params for c in sweep.configs.values()] == [c.params for c in whole.configs.values()]


def test_a_trial_that_is_not_in_the_journal_is_failed(tmp_path: Path) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec(*AXES, sampler="tpe", trials=9))
    lost = TpeSampler.open_study(sweep).ask(1)
    again = TpeSampler.open_study(sweep)
    assert again.ask(1) == lost
    states = [str(trial.state.name) for trial in again.study.get_trials()]
    assert states == ["FAIL", "RUNNING"]


def test_a_damaged_study_is_rebuilt_from_the_journal(tmp_path: Path) -> None:
    sweep = searched(tmp_path / "s", 1)
    for number in sweep.configs:
        sweep.fold({"kind": "learned", "config": number})
    sweep.folder.study.write_bytes(b"\x00garbage\n" * 5)
    study = TpeSampler.open_study(sweep)
    assert len(study.study.get_trials()) == TRIALS
    assert study.study.best_value == best_of(sweep)


def test_pruned_failed_and_complete_configurations_are_reported_as_such(tmp_path: Path) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec(*AXES, sampler="tpe", trials=9))
    study = TpeSampler.open_study(sweep)
    for number, (value, status) in enumerate(
        [(0.5, TrialStatus.DONE), (0.7, TrialStatus.PRUNED), (None, TrialStatus.FAILED)], start=1
    ):
        add_result(sweep, Config(number, study.ask(number), number - 1), value, status)
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
    names = [trial.state.name for trial in study.study.get_trials()]
    assert names == ["COMPLETE", "FAIL", "FAIL", "PRUNED"] or names == ["COMPLETE", "FAIL", "PRUNED", "FAIL"]
    assert study.study.best_value == 0.5


def test_a_widened_axis_keeps_all_earlier_results(tmp_path: Path) -> None:
    sweep = open_sweep(
        tmp_path / "s", make_sweep_spec("lr=0.01..0.1 log", "batch=10,20", sampler="tpe", trials=9)
    )
    study = TpeSampler.open_study(sweep)
    for number in (1, 2, 3):
        add_result(sweep, Config(number, study.ask(number), number - 1), float(number))
        sweep.fold({"kind": "learned", "config": number})
    from engine.service.sweeps import sweep_edits

    sweep.fold(sweep_edits.make_entry(sweep, "widen", WidenEdit("batch=40")))
    wider = TpeSampler.open_study(sweep)
    assert len(wider.study.get_trials()) == 3
    assert {wider.ask(number)["batch"] for number in range(4, 30)} == {10, 20, 40}


def test_the_result_of_a_configuration_is_the_mean_over_its_seeds(tmp_path: Path) -> None:
    sweep = open_sweep(
        tmp_path / "s", make_sweep_spec("lr=0.01..0.1 log", sampler="tpe", trials=9, seeds=(1, 2))
    )
    sweep.fold(asked_entry(1, 1, {"lr": 0.05}, seed=1))
    sweep.fold(told_entry(1, 1.0))
    assert not trial_result.has_ended(sweep, sweep.configs[1])
    sweep.fold(asked_entry(2, 1, {"lr": 0.05}, seed=2))
    sweep.fold(told_entry(2, 3.0))
    assert trial_result.has_ended(sweep, sweep.configs[1])
    assert trial_result.result_of(sweep, sweep.configs[1]).value == 2.0
