"""TPE: it finds a valley sooner than chance, and its study agrees with the journal after any crash."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

from engine.axes import drawn
from engine.params import Value
from engine.service.sweeps import trial_result, trial_spec
from engine.service.sweeps.sweep import Config, Sweep
from engine.service.sweeps.tpe import Tpe
from engine.sweep_protocol import TrialStatus
from tests.engine.service.sweeps.swept import Answer, a_spec, a_sweep, asked, ended, told

AXES = ("lr=0.0001..1 log", "target=0.001..1")
TRIALS = 40


def valley(params: dict[str, Value]) -> float:
    """Its bottom is at lr = 0.01, target = 0.3."""
    return (math.log10(float(params["lr"])) + 2) ** 2 + 8 * (float(params["target"]) - 0.3) ** 2


def searched(path: Path, seed: int, answer: Answer = valley) -> Sweep:
    sweep = a_sweep(path, a_spec(*AXES, sampler="tpe", trials=TRIALS, seed=seed))
    study = Tpe.open(sweep)
    for number in range(1, TRIALS + 1):
        config = Config(number, study.ask(number), number - 1)
        ended(sweep, config, answer(config.params))
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
    return sweep


def best_of(sweep: Sweep) -> float:
    best = sweep.best()
    assert best is not None and best.value is not None
    return best.value


def test_it_finds_the_bottom_of_a_valley_better_than_chance(tmp_path: Path) -> None:
    spec = a_spec(*AXES)
    kinds = trial_spec.kinds("mnist")
    found, by_chance = [], []
    for seed in range(5):
        found.append(best_of(searched(tmp_path / str(seed), seed)))
        points = (drawn(spec.axes, kinds, seed, number) for number in range(TRIALS))
        by_chance.append(min(map(valley, points)))
    assert statistics.median(found) < statistics.median(by_chance) / 2


def test_the_same_seed_asks_the_same_questions_whatever_the_service_lived_through(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole", 3)
    sweep = a_sweep(tmp_path / "torn", a_spec(*AXES, sampler="tpe", trials=TRIALS, seed=3))
    for number in range(1, TRIALS + 1):
        study = Tpe.open(sweep)  # a new service for every question
        config = Config(number, study.ask(number), number - 1)
        ended(sweep, config, valley(config.params))
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
        sweep.fold({"kind": "learned", "config": number})
    assert [c.params for c in sweep.configs.values()] == [c.params for c in whole.configs.values()]


def test_a_question_that_never_reached_the_journal_is_given_up(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec(*AXES, sampler="tpe", trials=9))
    lost = Tpe.open(sweep).ask(1)
    again = Tpe.open(sweep)
    assert again.ask(1) == lost
    states = [str(trial.state.name) for trial in again.study.get_trials()]
    assert states == ["FAIL", "RUNNING"]


def test_a_damaged_study_is_made_anew_from_the_journal(tmp_path: Path) -> None:
    sweep = searched(tmp_path / "s", 1)
    for number in sweep.configs:
        sweep.fold({"kind": "learned", "config": number})
    sweep.folder.study.write_bytes(b"\x00garbage\n" * 5)
    study = Tpe.open(sweep)
    assert len(study.study.get_trials()) == TRIALS
    assert study.study.best_value == best_of(sweep)


def test_pruned_failed_and_whole_configurations_are_told_as_such(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec(*AXES, sampler="tpe", trials=9))
    study = Tpe.open(sweep)
    for number, (value, status) in enumerate(
        [(0.5, TrialStatus.DONE), (0.7, TrialStatus.PRUNED), (None, TrialStatus.FAILED)], start=1
    ):
        ended(sweep, Config(number, study.ask(number), number - 1), value, status)
        study.tell(sweep.configs[number], trial_result.result_of(sweep, sweep.configs[number]))
    names = [trial.state.name for trial in study.study.get_trials()]
    assert names == ["COMPLETE", "FAIL", "FAIL", "PRUNED"] or names == ["COMPLETE", "FAIL", "PRUNED", "FAIL"]
    assert study.study.best_value == 0.5


def test_a_widened_axis_goes_on_with_everything_that_was_learned(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.01..0.1 log", "batch=10,20", sampler="tpe", trials=9))
    study = Tpe.open(sweep)
    for number in (1, 2, 3):
        ended(sweep, Config(number, study.ask(number), number - 1), float(number))
        sweep.fold({"kind": "learned", "config": number})
    from engine.service.sweeps import edits

    sweep.fold(edits.fact_of(sweep, "widen", {"axis": "batch=40"}))
    wider = Tpe.open(sweep)
    assert len(wider.study.get_trials()) == 3
    assert {wider.ask(number)["batch"] for number in range(4, 30)} == {10, 20, 40}


def test_seeds_are_one_answer_their_mean(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.01..0.1 log", sampler="tpe", trials=9, seeds=(1, 2)))
    sweep.fold(asked(1, 1, {"lr": 0.05}, seed=1))
    sweep.fold(told(1, 1.0))
    assert not trial_result.is_through(sweep, sweep.configs[1])
    sweep.fold(asked(2, 1, {"lr": 0.05}, seed=2))
    sweep.fold(told(2, 3.0))
    assert trial_result.is_through(sweep, sweep.configs[1])
    assert trial_result.result_of(sweep, sweep.configs[1]).value == 2.0
