"""The checkpoint with the best value of the experiment's metric: saved early, kept, found again."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from checkpoints import folder as checkpoint_folder
from engine import store
from engine.best_checkpoint import SavedValue, best_saved
from engine.metric_goal import MetricGoal
from engine.served_checkpoint import served_step
from engine.service.runs import verify_runs
from engine.store import RunFolder
from engine.worker.run import Run
from tests.engine.worker.attempts import ScriptedPipe, make_run, new_run, read_events, train
from tests.fakes.tally import Tally

ACCURACY, LOSS = MetricGoal("val_accuracy", True), MetricGoal("loss")


class Training:
    """An attempt at a mnist run in this process, which logs given validation accuracies and no more."""

    def __init__(self, folder: RunFolder, number: int = 1) -> None:
        self.run: Run = make_run(folder, ScriptedPipe(), number=number)[0]
        self.run.total(10_000)
        self.step = self.run.restore(Tally())

    def train(
        self, until: int, accuracies: Mapping[int, float] | None = None, save: Iterable[int] = ()
    ) -> None:
        """Log the accuracies by step, and save at the steps `save` whatever is due."""
        for step in range(self.step + 1, until + 1):
            self.run.log(step, loss=1 / step)
            if step in (accuracies or {}):
                self.run.log(step, val_accuracy=(accuracies or {})[step])
            self.run.checkpoint(step)
            if step in save:
                self.run.save()
        self.step = until


def kept(folder: RunFolder) -> list[int]:
    return checkpoint_folder.steps(folder.checkpoints)


def best(folder: RunFolder, goal: MetricGoal = ACCURACY) -> SavedValue | None:
    return best_saved(folder.checkpoints, goal)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """An improvement is due at once, any other step after an hour."""
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "3600")
    monkeypatch.setattr("engine.worker.checkpoint.BEST_PART", math.inf)
    monkeypatch.setattr("engine.worker.checkpoint.SHARE", 0)


@pytest.mark.usefixtures("eager")
def test_a_better_validation_is_saved_at_once_and_a_worse_or_equal_one_is_not(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")
    Training(folder).train(60, {10: 0.9, 20: 0.8, 30: 0.9, 40: 0.95, 50: math.nan})
    assert kept(folder) == [10, 40]
    assert best(folder) == SavedValue(40, 0.95)


@pytest.mark.usefixtures("eager")
def test_a_metric_that_is_logged_at_each_step_saves_no_earlier_than_before(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor")
    run, _ = make_run(folder, ScriptedPipe())
    run.total(100)
    run.restore(Tally())
    for step in range(1, 51):
        run.log(step, loss=1 / step)
        run.checkpoint(step)
        if step in (7, 30):
            run.save()
    assert kept(folder) == [7, 30]
    assert best(folder, LOSS) == SavedValue(30, 1 / 30)


def test_improvements_within_the_limit_of_time_are_left_to_the_next_one(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")  # the tests save after 1000 seconds: an improvement after 100
    Training(folder).train(60, {10: 0.9, 20: 0.91, 30: 0.92})
    assert kept(folder) == []


def test_the_best_is_kept_beside_the_last_three(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")
    training = Training(folder)
    training.train(90, {10: 0.9, 20: 0.8, 50: 0.85}, save=range(10, 91, 10))
    assert kept(folder) == [10, 70, 80, 90]
    training.train(110, {100: 0.95}, save=(100, 110))
    assert kept(folder) == [90, 100, 110]
    training.train(150, save=(120, 130, 140, 150))
    assert kept(folder) == [100, 130, 140, 150] and best(folder) == SavedValue(100, 0.95)


def test_the_best_epoch_that_answers_and_the_best_value_are_both_kept(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")
    training = Training(folder)
    training.train(10, {10: 0.9}, save=(10,))
    training.run.step = training.step = 11
    training.run.checkpoint(11, is_best=True)
    training.train(60, save=range(20, 61, 10))
    assert kept(folder) == [10, 11, 40, 50, 60]
    served = served_step(folder.checkpoints)
    assert served is not None and served.step == 11 and best(folder) == SavedValue(10, 0.9)


def test_after_a_resume_only_a_better_value_replaces_the_best(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")
    Training(folder).train(40, {10: 0.9}, save=(10, 20, 30, 40))
    later = Training(folder, 2)
    assert later.step == 40
    later.train(80, {50: 0.8}, save=(50, 60, 70, 80))
    assert kept(folder) == [10, 60, 70, 80] and best(folder) == SavedValue(10, 0.9)


def test_where_the_best_is_damaged_and_rewound_the_best_of_the_others_counts(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist")
    Training(folder).train(40, {10: 0.9, 20: 0.8, 40: 0.95}, save=(10, 20, 30, 40))
    file = folder.checkpoints / checkpoint_folder.name_of(40) / "state.json"
    file.write_bytes(file.read_bytes()[:-1])
    again = Training(folder, 2)
    assert again.step == 30
    again.train(40, {40: 0.7}, save=(40,))
    assert kept(folder) == [20, 30, 40] and best(folder) == SavedValue(20, 0.8)


def test_a_save_that_fails_is_not_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new_run(tmp_path, "mnist")
    training = Training(folder)
    training.train(10, {10: 0.9}, save=(10,))
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint_folder.DISK.__class__, "free", lambda disk, path: 0)
        with pytest.raises(checkpoint_folder.SaveFailed):
            training.train(20, {20: 0.95}, save=(20,))
    training.step = 20
    training.train(70, save=range(30, 71, 10))
    assert kept(folder) == [10, 50, 60, 70]


def test_killed_at_any_moment_the_best_of_what_was_saved_is_there(tmp_path: Path) -> None:
    """Each attempt ends without saving; the values depend on the step, so that a rewind repeats them."""
    dice = random.Random(4)
    folder = new_run(tmp_path, "mnist")
    values = {step: round(dice.random(), 3) for step in range(7, 400, 7)}
    saved: set[int] = set()
    for number in range(1, 30):
        training = Training(folder, number)
        saves = {step for step in range(training.step, training.step + 30) if dice.random() < 0.4}
        training.train(training.step + dice.randrange(1, 25), values, save=saves)
        saved |= {event.facts["step"] for event in read_events(folder, "checkpoint")}
        valued = [(values[step], -step) for step in saved if step in values]
        found = best(folder)
        assert (found is None) == (not valued)
        if found is not None:
            assert (found.value, -found.step) == max(valued)
        assert set(sorted(saved)[-3:]) <= set(kept(folder))
    assert best(folder) is not None


def test_a_child_does_not_count_the_value_of_the_checkpoint_it_began_with(tmp_path: Path) -> None:
    parent = new_run(tmp_path, "mnist")
    Training(parent).train(10, {10: 0.99}, save=(10,))
    child = new_run(tmp_path, "mnist", parent=(parent, 10))
    Training(child).train(60, {20: 0.5}, save=(20, 30, 40, 50, 60))
    assert kept(child) == [20, 40, 50, 60]
    shutil.copytree(parent.checkpoints / "step-00000010", child.checkpoints / "step-00000010")
    rows = verify_runs.checkpoints(child.checkpoints, store.read_spec(child))
    assert [(one.step, one.best) for one in rows if one.best is not None] == [(20, 0.5)]


def test_of_checkpoints_of_an_earlier_version_none_is_known_to_be_the_best(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    train(folder)
    assert best(folder, MetricGoal("accuracy", True)) is None and best(folder, MetricGoal()) is None
    assert best(folder, LOSS) is not None
    assert best_saved(tmp_path / "none", ACCURACY) is None


def test_an_unreadable_value_is_none(tmp_path: Path) -> None:
    for step, text in ((1, "nan"), (2, "many"), (3, "0.5"), (4, "inf")):
        env = {"metric": "val_accuracy", "metric_value": text}
        files = {"state.json": b"{}"}
        checkpoint_folder.write(
            tmp_path, step, files, run_id="a", weights_sha256="0" * 64, env=env, reserve=0
        )
    assert best_saved(tmp_path, ACCURACY) == SavedValue(3, 0.5)
