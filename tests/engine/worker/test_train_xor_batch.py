"""Batches of networks as runs: exact resume, the files of the XOR page, the trainer of a checkpoint."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints.errors import MismatchedCheckpoint
from checkpoints.numpy_io import ArrayState
from engine.errors import EngineError, ParamError
from engine.models.xor.batch import batch_training, device_trainer, record
from engine.models.xor.batch.arrays import BESTS
from engine.models.xor.batch.device_trainer import DeviceTrainer
from engine.models.xor.batch.record import BatchRecord
from engine.store import RunFolder
from engine.worker.run import Run
from tests.engine.worker.attempts import (
    ScriptedPipe,
    curve,
    new_run,
    read_events,
    start,
    train,
    wait_for,
    weights,
)

SERIES = ("solved", "running", "successes", "fails", "median_loss")
FINAL = ("outcome", "stop", "loss", "val_loss", "best", "weights", *BESTS)
CURVES = ("curve.loss", "curve.val_loss", "curve.epochs")
LANES: dict[str, Any] = {
    "axes": "hidden=0..3; bypass=yes; lr=0.02,0.5; optimizer=sgd,adam; seed=1..6",
    "validation": "notebook", "patience": 12, "target": 0.7, "min_delta": 1e-3, "epochs": 96,
}  # fmt: skip
GRID: dict[str, Any] = {"epochs": 160, "runs": 3, "successes": 2}


def read(folder: RunFolder) -> BatchRecord:
    return record.read(
        *((folder.path / name).read_bytes() for name in (record.METADATA_FILE, record.ARRAYS_FILE))
    )


def same(one: RunFolder, other: RunFolder) -> bool:
    a, b = read(one).arrays, read(other).arrays
    return (
        weights(one) == weights(other)
        and all(a[name].tobytes() == b[name].tobytes() for name in FINAL + CURVES)
        and all(curve(one, name) == curve(other, name) for name in SERIES)
    )


@pytest.mark.parametrize(("experiment", "given"), [("xor_batch", LANES), ("xor_grid", GRID)])
def test_a_batch_paused_at_every_stride_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, experiment: str, given: dict[str, Any]
) -> None:
    whole = new_run(tmp_path, experiment, **given)
    train(whole)
    steps = list(curve(whole, "running"))
    assert len(steps) > 4
    parts = new_run(tmp_path, experiment, **given)
    for number, step in enumerate(steps, start=1):
        train(parts, ScriptedPipe({step: {"word": "pause"}}), number=number)
    assert same(parts, whole)
    for step in steps[:-1]:
        once = new_run(tmp_path, experiment, **given)
        train(once, ScriptedPipe({step: {"word": "pause"}}))
        assert read(once).epoch == step, "a paused batch can be looked at"
        train(once, number=2)
        assert same(once, whole), f"paused at {step}"


STOPS = {32: 5, 48: 6}
"""epoch: number of the network that is stopped there"""


def stop_commands() -> dict[int, Any]:
    return {step: {"word": "set", "name": "stop", "value": lane} for step, lane in STOPS.items()}


def test_stopped_networks_stay_stopped_from_whichever_checkpoint_it_resumes(tmp_path: Path) -> None:
    whole, free = (new_run(tmp_path, "xor_batch", **LANES) for _ in range(2))
    train(whole, ScriptedPipe(stop_commands()))
    train(free)
    found = read(whole)
    assert [found.outcome(lane - 1) for lane in STOPS.values()] == ["stopped", "stopped"]
    assert [int(found.arrays["stop"][lane - 1]) for lane in STOPS.values()] == list(STOPS)
    others = [lane for lane in range(len(found)) if lane + 1 not in STOPS.values()]
    for name in FINAL:
        assert (found.arrays[name][others] == read(free).arrays[name][others]).all()
    for step in set(curve(whole, "running")) - set(STOPS) - {96}:
        once = new_run(tmp_path, "xor_batch", **LANES)
        train(once, ScriptedPipe({**stop_commands(), step: {"word": "pause"}}))
        train(once, ScriptedPipe({at: word for at, word in stop_commands().items() if at > step}), number=2)
        assert same(once, whole), f"paused at {step}"


def test_stops_are_replayed_after_an_older_checkpoint(tmp_path: Path) -> None:
    whole = new_run(tmp_path, "xor_batch", **LANES)
    train(whole, ScriptedPipe(stop_commands()))
    once = new_run(tmp_path, "xor_batch", **LANES)
    train(once, ScriptedPipe({16: {"word": "pause"}}))
    early = {path.name for path in once.checkpoints.iterdir()}
    train(once, ScriptedPipe({**stop_commands(), 64: {"word": "pause"}}), number=2)
    for path in once.checkpoints.iterdir():
        if path.name not in early:
            shutil.rmtree(path)
    train(once, number=3)
    assert same(once, whole)


@pytest.mark.parametrize("lost", ["first", "waited", "best"])
def test_without_a_part_of_the_state_the_bits_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    given = LANES
    whole = new_run(tmp_path, "xor_batch", **given)
    train(whole)
    parts = new_run(tmp_path, "xor_batch", **given)
    train(parts, ScriptedPipe({32: {"word": "pause"}}))
    restore = ArrayState.restore

    def restore_without(state: ArrayState, verified: Any, *, strict: bool = True) -> int:
        step = restore(state, verified, strict=strict)
        for group in state.training.groups:  # type: ignore[attr-defined]
            group.arrays()[lost][...] = 0
        return step

    monkeypatch.setattr(ArrayState, "restore", restore_without)
    train(parts, number=2)
    assert not same(parts, whole)


def test_a_batch_of_another_trainer_is_refused_by_a_strict_resume_and_taken_by_a_fast_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(tmp_path, "xor_batch", trainer="numpy", **LANES)
    with monkeypatch.context() as before:
        pin = Run.pin
        before.setattr(Run, "pin", lambda run, **facts: pin(run, **{**facts, "trainer": "numpy 2"}))
        train(folder, ScriptedPipe({32: {"word": "pause"}}))
    with pytest.raises(MismatchedCheckpoint, match=r"trainer was numpy .*, is numba .*--fast"):
        train(folder, number=2)
    train(folder, number=3, mode="fast")
    assert read(folder).counts()["running"] == 0


def test_a_run_on_a_gpu_trains_in_tensors_and_is_paused_and_resumed_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the tensors of the GPU are on the CPU."""
    monkeypatch.setattr(device_trainer, "DeviceTrainer", lambda device: DeviceTrainer("cpu", least=64))
    few = {**LANES, "axes": "hidden=1; lr=0.02,0.5; seed=1..6", "epochs": 140, "patience": None}
    whole, once = (new_run(tmp_path, "xor_batch", **few) for _ in range(2))
    train(whole, device="cuda")
    steps = list(curve(whole, "running"))
    train(once, ScriptedPipe({steps[0]: {"word": "pause"}}), device="cuda")
    train(once, number=2, device="cuda")
    assert len(steps) > 1 and same(once, whole)
    other = new_run(tmp_path, "xor_batch", **few)
    train(other, ScriptedPipe({steps[0]: {"word": "pause"}}), device="cuda")
    with pytest.raises(MismatchedCheckpoint, match=r"trainer was torch .*, is numba .*--fast"):
        train(other, number=2)
    train(other, number=2, mode="fast")


def test_a_run_that_began_on_the_cpu_is_resumed_by_compiled_loops_where_it_gets_a_gpu(tmp_path: Path) -> None:
    whole, once = (new_run(tmp_path, "xor_batch", **LANES) for _ in range(2))
    train(whole)
    train(once, ScriptedPipe({next(iter(curve(whole, "running"))): {"word": "pause"}}))
    train(once, number=2, device="cuda")
    assert same(once, whole)


def test_without_numba_one_line_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(EngineError, match=r"trained by Numba, which cannot be used: .*numba"):
        train(new_run(tmp_path, "xor_grid", **GRID))


@pytest.mark.long
def test_a_batch_killed_twice_ends_with_the_weights_of_one_never_killed(tmp_path: Path) -> None:
    given = {"axes": "hidden=1..4; seed=1..150", "epochs": 12_000}
    whole = new_run(tmp_path, "xor_batch", threads=1, **given)
    assert start(whole, DLTUI_CHECKPOINT_SECONDS="1000").wait(500) == 0
    folder = new_run(tmp_path, "xor_batch", threads=1, **given)
    for number in (1, 2):
        worker = start(folder, DLTUI_ATTEMPT=str(number), DLTUI_CHECKPOINT_SECONDS="0.05")
        saved = len(read_events(folder, "checkpoint"))
        wait_for(lambda saved=saved: len(read_events(folder, "checkpoint")) > saved)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL, "killed before its end"
    assert finished(folder, 3) == 0
    assert same(folder, whole)


def finished(folder: RunFolder, number: int) -> int:
    worker: subprocess.Popen[bytes] = start(folder, DLTUI_ATTEMPT=str(number))
    return worker.wait(500)


def test_the_nine_experiments_are_printed_beside_the_notebooks_numbers(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor_grid", threads=2)
    assert start(folder).wait(500) == 0
    printed = folder.log.read_text()
    assert "135 networks at epoch 40,000: " in printed
    assert "4861.8" in printed and "33227.0" in printed
    assert "Gates of the hidden unit in the first experiment: " in printed


def test_diverged_networks_are_counted_and_their_weights_are_finite(tmp_path: Path) -> None:
    folder = new_run(
        tmp_path, "xor_batch", axes="lr=0.01,100; seed=1..40", activation="relu", loss="bce", hidden=8,
        optimizer="momentum", epochs=400, initial="xavier",
    )  # fmt: skip
    train(folder)
    found = read(folder)
    assert sum(found.counts().values()) == 80 and not found.counts()["running"]
    assert np.isfinite(found.arrays["weights"]).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"axes": "colour=1"}, ("Unknown axis 'colour'", "hidden")),
        ({"axes": "hidden=4..2"}, ("hidden", "empty")),
        ({"axes": "lr=0.001..1 log 1000; temperature=0.1..1 log 1000; seed=1..1000"}, ("1,000,000,000",)),
        ({"axes": "lr=0,01"}, ("lr", "decimal point", "'01'")),
        ({"axes": "lr=0.1..1"}, ("lr", "a grid needs values")),
        ({"axes": "hidden=0,1"}, ("hidden", "bypass is off", "got 0")),
        ({"axes": "bypass=no,yes", "hidden": 0}, ("hidden", "bypass is off", "got 0")),
        ({"axes": "activation=tanh,silu"}, ("activation", "relu, got silu", "xor --set activation=silu")),
        ({"axes": "seed=1..3", "activation": "silu"}, ("activation", "relu, got silu")),
        ({"axes": "patience=never,5"}, ("patience", "validation")),
    ],
)
def test_an_impossible_batch_is_refused_before_it_is_a_run(
    tmp_path: Path, given: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ParamError) as error:
        new_run(tmp_path, "xor_batch", **given)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert not (tmp_path / "runs").exists()


def test_an_older_checkpoint_without_best_losses_resumes_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = LANES
    whole, old = new_run(tmp_path, "xor_batch", **given), new_run(tmp_path, "xor_batch", **given)
    train(whole)
    with monkeypatch.context() as before:
        for module in (batch_training, record):
            before.setattr(module, "BESTS", ())
        train(old, ScriptedPipe({list(curve(whole, "running"))[2]: {"word": "pause"}}))
        assert "best_loss" not in read(old).arrays
        assert np.array_equal(read(old).best_losses("loss"), read(old).losses("loss"))
    train(old, number=2)
    assert weights(old) == weights(whole)
