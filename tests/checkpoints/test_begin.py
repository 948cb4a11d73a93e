"""A checkpoint with which another training begins: what that training keeps of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR

from checkpoints import folder
from checkpoints.errors import DamagedCheckpoint, MismatchedCheckpoint
from checkpoints.torch_io import TorchState
from tests.checkpoints.training import Training, save, verified

pytestmark = pytest.mark.usefixtures("torch_as_before")


def test_with_random_states_kept_it_goes_on_as_the_training_of_the_checkpoint(tmp_path: Path) -> None:
    training = Training().run(0, 4)
    found = verified(tmp_path, training.state.capture(4))
    whole = training.run(4, 12).state.capture(12)
    again = Training()
    assert again.state.begin(found, keeps_random=True) == 4
    assert again.run(4, 12).state.capture(12).files() == whole.files()


def test_without_them_its_own_random_states_stay_as_they_were(tmp_path: Path) -> None:
    found = verified(tmp_path, Training().run(0, 4).state.capture(4))
    again = Training()
    torch.manual_seed(123)
    again.noise.normal()
    torchs, noise = torch.get_rng_state(), again.noise.bit_generator.state
    again.state.begin(found, keeps_random=False)
    assert torch.equal(torch.get_rng_state(), torchs)
    np.testing.assert_equal(again.noise.bit_generator.state, noise)


def optimizer_of(lr: float, momentum: float, decay: float) -> tuple[nn.Module, torch.optim.SGD]:
    torch.manual_seed(1)
    model = nn.Linear(3, 2)
    return model, torch.optim.SGD(model.parameters(), lr, momentum=momentum, weight_decay=decay)


def update(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()


def test_hyper_parameters_of_the_optimizer_are_its_own_and_its_slots_those_of_the_checkpoint(
    tmp_path: Path,
) -> None:
    model, optimizer = optimizer_of(0.1, 0.9, 0.01)
    update(model, optimizer)
    found = verified(tmp_path, TorchState(model, optimizer).capture(1))
    own_model, own = optimizer_of(0.3, 0.5, 0.0)
    TorchState(own_model, own).begin(found, keeps_random=True)
    (group,) = own.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.3, 0.5, 0.0)
    (weight, _), (theirs, _) = own_model.parameters(), model.parameters()
    assert torch.equal(own.state[weight]["momentum_buffer"], optimizer.state[theirs]["momentum_buffer"])


@pytest.mark.parametrize(
    "schedule",
    [
        lambda optimizer: MultiStepLR(optimizer, [2, 5], 0.1),
        lambda optimizer: CosineAnnealingLR(optimizer, 8),
    ],
)
def test_a_schedule_goes_on_where_it_was_with_the_learning_rate_of_the_new_training(
    tmp_path: Path, schedule: Callable[[Any], LRScheduler]
) -> None:
    model, optimizer = optimizer_of(0.1, 0.9, 0.0)
    scheduler = schedule(optimizer)
    rates = []
    for step in range(1, 9):
        update(model, optimizer)
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
        if step == 3:
            found = verified(tmp_path, TorchState(model, optimizer, scheduler).capture(3))
    own_model, own = optimizer_of(0.3, 0.9, 0.0)
    own_scheduler = schedule(own)
    TorchState(own_model, own, own_scheduler).begin(found, keeps_random=True)
    own_rates = [own.param_groups[0]["lr"]]
    for _ in range(4, 9):
        update(own_model, own)
        own_scheduler.step()
        own_rates.append(own.param_groups[0]["lr"])
    assert own_rates == pytest.approx([3 * rate for rate in rates[2:]])


def test_what_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    model, optimizer = optimizer_of(0.1, 0.9, 0.0)
    found = verified(tmp_path, TorchState(model, optimizer).capture(1))
    other = nn.Linear(4, 2)
    state = TorchState(other, torch.optim.SGD(other.parameters(), 0.3))
    before = other.weight.detach().clone()
    with pytest.raises(MismatchedCheckpoint, match="weight"):
        state.begin(found, keeps_random=True)
    assert torch.equal(other.weight, before)


# --- the same files in another folder ---


def saved(path: Path) -> folder.CheckpointInfo:
    model, optimizer = optimizer_of(0.1, 0.9, 0.0)
    return save(path, TorchState(model, optimizer).capture(7)).found


def test_a_linked_checkpoint_shares_its_space_and_outlives_the_first(tmp_path: Path) -> None:
    found = saved(tmp_path / "a")
    linked = folder.link(found.path, tmp_path / "b")
    assert (linked.step, linked.weights_sha256, linked.size) == (7, found.weights_sha256, found.size)
    names = sorted(os.listdir(linked.path))
    assert names == sorted(os.listdir(found.path))
    assert all((linked.path / name).samefile(found.path / name) for name in names)
    before = folder.read(found.path).files
    folder._remove(folder.DISK, found.path)
    assert folder.read(linked.path).files == before


def test_between_file_systems_it_is_copied(tmp_path: Path) -> None:
    class WithoutLinks(type(folder.DISK)):  # type: ignore[misc]
        def link(self, old: Path, new: Path) -> None:
            raise OSError(18, "Invalid cross-device link")

    found = saved(tmp_path / "a")
    linked = folder.link(found.path, tmp_path / "b", disk=WithoutLinks())
    assert folder.read(linked.path).files == folder.read(found.path).files
    assert not any((linked.path / name).samefile(found.path / name) for name in os.listdir(found.path))


def test_a_damaged_checkpoint_is_not_linked_silently(tmp_path: Path) -> None:
    found = saved(tmp_path / "a")
    (found.path / "state.json").write_bytes(b"{}")
    with pytest.raises(DamagedCheckpoint, match=r"state\.json has 2 bytes"):
        folder.link(found.path, tmp_path / "b")
