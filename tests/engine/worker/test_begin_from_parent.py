"""A run that begins with a checkpoint of another run: what it takes over, and what stays its own."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import MismatchedCheckpoint
from engine import catalog, store
from engine.errors import ParamError
from engine.store import RunFolder
from tests.engine.worker.attempts import (
    ScriptedPipe,
    curve,
    make_run,
    new_run,
    read_events,
    start,
    train,
    wait_for,
    weights,
)
from tests.fakes.tally import Tally

PAUSE = {"word": "pause"}
DIGITS = {"model": "double_conv_dropout", "iterations": 12, "every": 5, "target": None, "batch": 40}
CASES: dict[str, dict[str, Any]] = {
    "counter": {"steps": 12},
    "xor": {"epochs": 12, "hidden": 3, "validation": "notebook"},
    "mnist": DIGITS,
    "mnist_recipe": {"epochs": 1, "precision": "fp32"},
    "xor_batch": {"epochs": 32, "axes": "hidden=1..2; seed=1..3"},
}
AT = {"xor_batch": 16}


def paused(root: Path, experiment: str, step: int, seed: int = 1, **given: Any) -> RunFolder:
    """A run with a checkpoint of that step."""
    folder = new_run(root, experiment, seed=seed, **given)
    train(folder, ScriptedPipe({step: PAUSE}))
    assert weights(folder)[0] == step
    return folder


@pytest.mark.parametrize("experiment", [*CASES])
def test_with_the_parameters_and_the_seed_of_its_parent_it_ends_with_the_bits_of_its_parent(
    tmp_path: Path, experiment: str
) -> None:
    given, step = CASES[experiment], AT.get(experiment, 5)
    whole = new_run(tmp_path, experiment, **given)
    train(whole)
    parent = paused(tmp_path, experiment, step, **given)
    child = new_run(tmp_path, experiment, parent=(parent, step), **given)
    train(child)
    assert weights(child) == weights(whole)
    assert min(curve(child, "median_loss" if experiment == "xor_batch" else "loss")) > step


@pytest.mark.parametrize("experiment", [*CASES])
def test_paused_and_killed_without_its_parent_it_ends_as_an_uninterrupted_child(
    tmp_path: Path, experiment: str
) -> None:
    """Killed before its first own checkpoint it begins with that of its parent again."""
    given, step = CASES[experiment], AT.get(experiment, 5)
    parent = paused(tmp_path, experiment, step, **given)
    whole, parts = (new_run(tmp_path, experiment, seed=2, parent=(parent, step), **given) for _ in range(2))
    train(whole)
    shutil.rmtree(parent.path)
    killed_after_one_update(parts)
    for number in range(2, 5):
        last = weights(parts)[0]
        train(parts, ScriptedPipe({last + AT.get(experiment, 1): PAUSE}), number=number)
    train(parts, number=5)
    assert weights(parts) == weights(whole)
    metric = "median_loss" if experiment == "xor_batch" else "loss"
    assert curve(parts, metric) == curve(whole, metric)


def killed_after_one_update(folder: RunFolder) -> None:
    """Train in this process until the first update is logged, and leave without saving anything."""

    class Killed(BaseException):
        pass

    class Crash(ScriptedPipe):
        def commands(self) -> list[Any]:
            assert self.run is not None
            if self.run.step > before:
                raise Killed
            return []

    before = weights(folder)[0]
    with pytest.raises(Killed):
        train_without_saving(folder, Crash())
    assert weights(folder)[0] == before


def train_without_saving(folder: RunFolder, script: ScriptedPipe) -> None:
    run, chosen = make_run(folder, script)
    module, _, function = catalog.find(store.read_spec(folder).experiment).train.partition(":")
    getattr(importlib.import_module(module), function)(chosen, run)


def test_a_worker_killed_at_random_steps_continues_from_its_own_checkpoints(tmp_path: Path) -> None:
    parent = paused(tmp_path, "counter", 5, steps=400)
    whole, parts = (new_run(tmp_path, "counter", parent=(parent, 5), steps=400) for _ in range(2))
    train(whole)
    shutil.rmtree(parent.path)
    for number, least in enumerate((6, 60, 200), start=1):
        worker = start(parts, DLTUI_CHECKPOINT_SECONDS="0.01", DLTUI_ATTEMPT=str(number))
        has_saved = partial(_has_saved, parts, least, worker)
        wait_for(has_saved)
        worker.kill()
        worker.wait()
    train(parts, number=9)
    assert weights(parts) == weights(whole)
    assert curve(parts, "loss") == curve(whole, "loss")


def _has_saved(folder: RunFolder, step: int, worker: subprocess.Popen[bytes]) -> bool:
    return worker.poll() is not None or weights(folder)[0] >= step


def test_its_updates_are_counted_on_and_its_curve_has_only_its_own_points(tmp_path: Path) -> None:
    parent = paused(tmp_path, "counter", 5, steps=9)
    child = new_run(tmp_path, "counter", parent=(parent, 5), steps=8)
    train(child)
    assert list(curve(child, "loss")) == [6, 7, 8]
    kinds = [event.kind for event in read_events(child) if event.kind != "metrics"]
    assert kinds == ["started", "restored", "checkpoint", "ended"]
    assert read_events(child, "restored")[0].facts == {"step": 5}
    assert checkpoint_folder.steps(child.checkpoints) == [5, 8]


def test_live_values_of_its_parent_are_not_taken_over(tmp_path: Path) -> None:
    parent = new_run(tmp_path, "counter", steps=9)
    train(parent, ScriptedPipe({3: {"word": "set", "name": "pace", "value": 5}, 6: PAUSE}))
    child = new_run(tmp_path, "counter", parent=(parent, 6), steps=9, pace=2)
    killed_after_one_update(child)
    assert train(child, number=2).set == {"pace": 2.0}


def test_a_change_of_a_live_value_before_a_crash_is_applied_again(tmp_path: Path) -> None:
    parent = paused(tmp_path, "counter", 5, steps=20)
    whole, parts = (new_run(tmp_path, "counter", parent=(parent, 5), steps=20) for _ in range(2))
    change = {7: {"word": "set", "name": "pace", "value": 3}}
    train(whole, ScriptedPipe(change))
    run, _ = make_run(parts, ScriptedPipe(change))
    tally = Tally()
    run.total(20)
    for step in range(run.restore(tally) + 1, 10):
        run.log(step, loss=tally.count(run.set["pace"] or 0))
        assert not run.should_stop
    train(parts, number=2)
    assert weights(parts) == weights(whole)


def test_its_own_learning_rate_counts_and_not_that_in_the_optimizer_of_its_parent(tmp_path: Path) -> None:
    parent = paused(tmp_path, "xor", 5, epochs=9)
    same, other = (new_run(tmp_path, "xor", parent=(parent, 5), epochs=9, lr=lr) for lr in (0.01, 0.5))
    train(same)
    train(other)
    assert weights(same) != weights(other)


def test_another_seed_changes_the_order_of_the_data_and_the_dropout_of_the_same_weights(
    tmp_path: Path,
) -> None:
    parent = paused(tmp_path, "mnist", 5, **DIGITS)
    ends = {}
    for seed in (1, 2, 3):
        twice = [new_run(tmp_path, "mnist", seed=seed, parent=(parent, 5), **DIGITS) for _ in range(2)]
        for child in twice:
            train(child)
        assert weights(twice[0]) == weights(twice[1])
        ends[seed] = weights(twice[0])
    assert len(set(ends.values())) == 3


@pytest.mark.parametrize(
    ("experiment", "given", "other"),
    [
        ("xor", {"epochs": 20}, {"hidden": 3}),
        ("xor", {"epochs": 20}, {"optimizer": "sgd"}),
        ("mnist", DIGITS, {"model": "logistic"}),
        ("xor_batch", CASES["xor_batch"], {"axes": "hidden=1..2; seed=1..4"}),
    ],
)
def test_another_shape_is_refused_as_parameters_with_a_remedy(
    tmp_path: Path, experiment: str, given: dict[str, Any], other: dict[str, Any]
) -> None:
    step = AT.get(experiment, 5)
    parent = paused(tmp_path, experiment, step, **given)
    child = new_run(tmp_path, experiment, parent=(parent, step), **{**given, **other})
    with pytest.raises(ParamError, match=f"It cannot begin with {parent.id[-4:]}@{step}: ") as refused:
        train(child)
    assert f"dltui compare {parent.id}" in refused.value.remedy and "\n" not in str(refused.value)


def test_a_length_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    parent = paused(tmp_path, "counter", 5, steps=9)
    child = new_run(tmp_path, "counter", parent=(parent, 5), steps=5)
    with pytest.raises(ParamError, match="would end after step 5, and begins at step 5: nothing is left"):
        train(child)


def test_a_batch_whose_networks_have_all_ended_is_refused(tmp_path: Path) -> None:
    given = CASES["xor_batch"]
    parent = new_run(tmp_path, "xor_batch", **given)
    train(parent)
    child = new_run(tmp_path, "xor_batch", parent=(parent, 32), **{**given, "epochs": 64})
    with pytest.raises(ParamError, match="All its networks have ended at epoch 32"):
        train(child)


def test_the_goal_that_its_parent_reached_does_not_end_it(tmp_path: Path) -> None:
    given = {"model": "logistic", "epochs": 50, "every": 5}
    parent = new_run(tmp_path, "mnist", target=0.5, **given)
    reached = train(parent).step
    child = new_run(tmp_path, "mnist", parent=(parent, reached), target=0.9, **given)
    assert train(child).step > reached


def test_the_early_stopping_of_its_parent_starts_anew(tmp_path: Path) -> None:
    given = {"epochs": 5000, "validation": "notebook", "patience": 5, "target": 100.0, "lr": 0.0}
    parent = new_run(tmp_path, "xor", **given)
    over = train(parent).step
    child = new_run(tmp_path, "xor", parent=(parent, over), **given)
    assert train(child).step == over + 6  # the first value is the best, then it waits five epochs


def test_curves_of_a_batch_with_more_epochs_have_a_point_at_every_stride(tmp_path: Path) -> None:
    from engine.models.xor.batch import record

    given = {"axes": "seed=1..3", "lr": 0.0}
    parent = paused(tmp_path, "xor_batch", 32, epochs=64, **given)
    child = new_run(tmp_path, "xor_batch", parent=(parent, 32), epochs=16384, **given)
    train(child)
    found = record.read(
        *((child.path / name).read_bytes() for name in (record.METADATA_FILE, record.ARRAYS_FILE))
    )
    assert max(found.arrays["curve.epochs"]) == 16384


def test_where_no_checkpoint_can_be_read_it_does_not_start_from_other_weights(tmp_path: Path) -> None:
    parent = paused(tmp_path, "counter", 5, steps=9)
    child = new_run(tmp_path, "counter", parent=(parent, 5), steps=9)
    shutil.rmtree(child.checkpoints)
    with pytest.raises(MismatchedCheckpoint, match="None of its checkpoints can be read"):
        train(child)


def test_other_data_are_named_and_allowed(tmp_path: Path) -> None:
    parent = new_run(tmp_path, "counter", steps=9)
    run, _ = make_run(parent, ScriptedPipe())
    tally = Tally()
    run.trains_on("captions", "a" * 64)
    run.pin(data="a" * 64)
    run.restore(tally)
    run.log(5, loss=1.0)
    run.save()
    child = new_run(tmp_path, "counter", parent=(parent, 5), steps=9)
    again, _ = make_run(child, ScriptedPipe())
    again.trains_on("poems", "b" * 64)
    again.pin(data="b" * 64)
    assert again.restore(Tally()) == 5 and again.recorded("data") == "a" * 64
    assert read_events(child, "note")[0].facts["text"] == (
        "It begins with weights trained on captions, and trains on poems."
    )
