"""The checkpoint that predictions use: the best epoch's where one is kept, however the run ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from checkpoints.errors import DamagedCheckpoint
from checkpoints.retention import Keep
from engine.served_checkpoint import holds_last, read_served, served_step


def save(folder: Path, step: int, best: int | None, epoch: int = 10) -> None:
    arrays = {"w": np.full(3, step, np.float32)}
    env = {} if best is None else {"best_step": best, "epoch_steps": epoch}
    checkpoint_folder.write(
        folder, step, {"model.safetensors": tensors.dumps(arrays)}, run_id="r", env=env,
        weights_sha256=tensors.weights_sha256(arrays), keep=Keep(best=best or None),
    )  # fmt: skip


def damage(folder: Path, step: int, name: str = "model.safetensors") -> None:
    path = folder / checkpoint_folder.name_of(step) / name
    path.write_bytes(path.read_bytes()[:-1])


def test_without_a_best_epoch_the_newest_checkpoint_is_served(tmp_path: Path) -> None:
    for step in (10, 20):
        save(tmp_path, step, 0)
    found = read_served(tmp_path)
    assert found is not None
    assert found.which == served_step(tmp_path)
    assert found.which.description == "last weights (epoch 2, step 20)"


def test_the_best_epoch_is_served_whatever_is_written_after_it(tmp_path: Path) -> None:
    for step, best in ((10, 0), (20, 20), (30, 20), (40, 20), (50, 20), (53, 20)):
        save(tmp_path, step, best)
    assert checkpoint_folder.steps(tmp_path) == [20, 40, 50, 53]
    found = read_served(tmp_path)
    assert found is not None and found.which.description == "best epoch's weights (epoch 2, step 20)"
    assert tensors.loads(found.verified.files["model.safetensors"])["w"][0] == 20
    assert served_step(tmp_path) == found.which


def test_a_checkpoint_of_an_older_version_is_served_without_its_epoch(tmp_path: Path) -> None:
    save(tmp_path, 1200, None)
    found = read_served(tmp_path)
    assert found is not None and (found.which.epoch, found.which.description) == (
        None,
        "last weights (step 1,200)",
    )


def test_the_newest_holds_the_last_weights_where_the_best_are_kept_beside_them(tmp_path: Path) -> None:
    assert not holds_last(tmp_path / "nothing yet")
    save(tmp_path, 20, None)
    assert not holds_last(tmp_path)
    save(tmp_path, 30, 20)
    assert holds_last(tmp_path)


def test_where_the_best_epoch_is_damaged_the_newest_undamaged_one_is_served_with_a_notice(
    tmp_path: Path,
) -> None:
    for step, best in ((20, 20), (30, 20), (40, 20)):
        save(tmp_path, step, best)
    damage(tmp_path, 20)
    found = read_served(tmp_path)
    assert found is not None and found.which.description == "last weights (epoch 4, step 40)"
    assert "step-00000020 is damaged" in found.notice
    damage(tmp_path, 40, "MANIFEST.json")
    found = read_served(tmp_path)
    assert found is not None and found.which.description == "weights (epoch 3, step 30)"
    for name in ("MANIFEST.json", "model.safetensors"):
        damage(tmp_path, 30, name)
    with pytest.raises(DamagedCheckpoint):
        read_served(tmp_path)


def test_a_requested_step_is_served_or_an_older_one_in_its_place(tmp_path: Path) -> None:
    for step in (20, 30, 40):
        save(tmp_path, step, 20)
    assert [found.which.description for step in (30, 20) if (found := read_served(tmp_path, step))] == [
        "weights (epoch 3, step 30)", "best epoch's weights (epoch 2, step 20)",
    ]  # fmt: skip
    damage(tmp_path, 30)
    found = read_served(tmp_path, 30)
    assert found is not None and found.which.step == 20 and "step-00000030" in found.notice


def test_without_checkpoints_none_is_served(tmp_path: Path) -> None:
    assert read_served(tmp_path / "none") is None
    assert served_step(tmp_path / "none") is None
