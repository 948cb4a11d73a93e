"""With a learning rate of 0 no experiment changes its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from engine.store import RunFolder
from tests.engine.experiments.small_text import captions
from tests.engine.worker.attempts import ScriptedPipe, new_run, train

LM = {"embedding": 4, "hidden_size": 4, "batch": 16, "epochs": 1, "keep": "last"}
NOT_LEARNED = ("running_mean", "running_var", "num_batches_tracked")
BATCH = {"axes": "hidden=1..2; seed=1..3", "epochs": 64}
RUNS: dict[str, dict[str, Any]] = {
    "xor adam": {"experiment": "xor", "epochs": 3},
    "xor momentum": {"experiment": "xor", "epochs": 3, "optimizer": "momentum"},
    "mnist in compiled loops": {"experiment": "mnist", "iterations": 3},
    "mnist in PyTorch": {"experiment": "mnist", "iterations": 3, "model": "logistic", "batch": 2001},
    "mnist_recipe": {"experiment": "mnist_recipe", "precision": "fp32"},
    "lm torch": {"experiment": "lm", "framework": "torch", "recipe": "tuned", **LM},
    "lm tensorflow": {"experiment": "lm", "framework": "tensorflow", **LM},
    "lm transformer": {"experiment": "lm", "model": "transformer", "recipe": "tuned", **LM},
    "xor batch": {"experiment": "xor_batch", **BATCH},
}


def weights_at(folder: RunFolder, first: bool) -> dict[str, np.ndarray]:
    """Of the oldest checkpoint, or the newest; what batch normalisation has seen is no weight."""
    found = sorted(path for path in folder.checkpoints.iterdir() if path.is_dir())
    data = (found[0 if first else -1] / "model.safetensors").read_bytes()
    return {name: array for name, array in tensors.loads(data).items() if not name.endswith(NOT_LEARNED)}


def begun(root: Path, given: dict[str, Any], **more: Any) -> RunFolder:
    facts = {**given, **more}
    experiment = facts.pop("experiment")
    if experiment == "lm":
        facts["corpus"] = captions(root, 60)
    return new_run(root, experiment, **facts)


@pytest.mark.parametrize("name", RUNS)
def test_with_a_learning_rate_of_0_no_weight_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr("engine.worker.checkpoint.SHARE", 0)
    folder = begun(tmp_path, RUNS[name], lr=0)
    train(folder)
    first, last = weights_at(folder, True), weights_at(folder, False)
    assert checkpoint_folder.newest_intact(folder.checkpoints)[0] is not None
    assert first.keys() == last.keys() and first
    for field, array in first.items():
        np.testing.assert_array_equal(array, last[field], err_msg=field)


@pytest.mark.parametrize("name", ["mnist_recipe", "lm torch"])
def test_set_to_0_it_learns_nothing_and_set_to_auto_it_learns_as_the_recipe_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def end(words: dict[int, dict[str, Any]], **more: Any) -> dict[str, np.ndarray]:
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        folder = begun(root, RUNS[name], **more)
        train(folder, ScriptedPipe(words))
        return weights_at(folder, False)

    def set_lr(value: object) -> dict[str, Any]:
        return {"word": "set", "name": "lr", "value": value}

    plain, back, still = end({}), end({1: set_lr(None)}, lr=None), end({1: set_lr("0")}, lr=0)
    explicit = end({0: set_lr("auto"), 1: set_lr("auto")}, lr=0)
    assert all(np.array_equal(plain[field], back[field]) for field in plain)
    assert any(not np.array_equal(plain[field], still[field]) for field in plain)
    assert any(not np.array_equal(explicit[field], still[field]) for field in plain)
