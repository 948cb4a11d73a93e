"""Interrupted and resumed is bit for bit the same as never interrupted; and these tests would see it if not.

A run left alone is brought to its end before another begins: both draw from one process's random numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints.checkpoint_content import Captured
from checkpoints.errors import CheckpointError, MismatchedCheckpoint
from checkpoints.folder import Verified
from tests.chaos import scaled
from tests.checkpoints.training import WIDTH, Optimizers, Training, adam, mlp, verified

pytestmark = pytest.mark.usefixtures("torch_as_before")
STEPS = 18
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


class Sequence(nn.Module):
    """Two layers of LSTM in both directions, and one without biases."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(2, 5, num_layers=2, bidirectional=True, dropout=0.3, batch_first=True)
        self.plain = nn.LSTM(10, 4, bias=False, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.plain(self.rnn(inputs.view(-1, WIDTH // 2, 2))[0])
        answer: torch.Tensor = self.out(hidden[:, -1])
        return answer


class Convolutional(nn.Module):
    """A convolution with dropout over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 2), nn.ReLU(), nn.Dropout2d(0.3), nn.Flatten(), nn.Linear(4 * (WIDTH // 2 - 1), 3)
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.layers(inputs.view(-1, 1, 2, WIDTH // 2))
        return answer


OPTIMIZERS: dict[str, Optimizers] = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, 0.05),
    "momentum": lambda parameters: torch.optim.SGD(parameters, 0.05, momentum=0.9, nesterov=True),
    "adam": adam,
    "adam amsgrad": lambda parameters: torch.optim.Adam(parameters, 0.01, amsgrad=True, weight_decay=0.01),
    "adam foreach": lambda parameters: torch.optim.Adam(parameters, 0.01, foreach=True),
    "adam fused": lambda parameters: torch.optim.Adam(parameters, 0.01, fused=True),
    "adadelta": lambda parameters: torch.optim.Adadelta(parameters),
    "two groups": lambda parameters: two_groups(list(parameters)),
}


def two_groups(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    groups: list[dict[str, Any]] = [{"params": parameters[:2], "lr": 0.02}, {"params": parameters[2:]}]
    return torch.optim.AdamW(groups, 0.01)


def disturbed(training: Training) -> Training:
    """A training in a process that has done other things: other weights, other random numbers."""
    training.run(0, 3)
    random.seed(99)
    np.random.seed(99)
    torch.manual_seed(99)
    training.noise.normal(size=5)
    return training


def assert_same(one: Captured, other: Captured) -> None:
    assert one.weights_sha256() == other.weights_sha256()
    assert one.files() == other.files()


def assert_resumes_everywhere(path: Path, make: Callable[[], Training], steps: int) -> None:
    """Resume after each step of a run, and come to the same end, file for file."""
    whole, saved = make(), []
    for step in range(1, steps + 1):
        whole.update(step)
        saved.append(verified(path / str(step), whole.state.capture(step)))
    end = whole.state.capture(steps)
    for checkpoint in saved:
        training = disturbed(make())
        step = training.state.restore(checkpoint)
        assert step == checkpoint.manifest.step
        assert training.state.capture(step).files() == checkpoint.files
        assert_same(training.run(step, steps).state.capture(steps), end)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["adam", "momentum"])
def test_a_resume_after_any_step_ends_in_the_same_bits(tmp_path: Path, name: str, device: str) -> None:
    assert_resumes_everywhere(tmp_path, lambda: Training(OPTIMIZERS[name], mlp, device), STEPS)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("model", [mlp, Sequence, Convolutional])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_resume_of_any_model_and_optimizer_ends_in_the_same_bits(
    tmp_path: Path, name: str, model: Callable[[], nn.Module], device: str
) -> None:
    steps = scaled(96)
    assert_resumes_everywhere(tmp_path, lambda: Training(OPTIMIZERS[name], model, device), steps)


@pytest.mark.parametrize("model", [mlp, Sequence, Convolutional])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_resume_of_each_model_and_optimizer(
    tmp_path: Path, name: str, model: Callable[[], nn.Module]
) -> None:
    whole = Training(OPTIMIZERS[name], model).run(0, 4)
    checkpoint = verified(tmp_path, whole.state.capture(4))
    end = whole.run(4, 7).state.capture(7)
    training = disturbed(Training(OPTIMIZERS[name], model))
    assert training.state.restore(checkpoint) == 4
    assert_same(training.run(4, 7).state.capture(7), end)


def test_a_checkpoint_before_the_first_update_resumes_too(tmp_path: Path) -> None:
    whole = Training()
    checkpoint = verified(tmp_path, whole.state.capture(0))
    end = whole.run(0, 5).state.capture(5)
    training = disturbed(Training())
    assert training.state.restore(checkpoint) == 0
    assert_same(training.run(0, 5).state.capture(5), end)


def test_saving_does_not_disturb_the_training() -> None:
    quiet = Training().run(0, STEPS)
    end = quiet.state.capture(STEPS)
    watched = Training()
    for step in range(1, STEPS + 1):
        watched.update(step)
        watched.state.capture(step)
    assert_same(watched.state.capture(STEPS), end)


def test_a_learning_rate_changed_while_it_ran_is_resumed(tmp_path: Path) -> None:
    whole = Training().run(0, 4)
    whole.optimizer.param_groups[0]["lr"] = 1 / 3
    checkpoint = verified(tmp_path, whole.state.capture(4))
    end = whole.run(4, 9).state.capture(9)
    training = disturbed(Training())
    training.state.restore(checkpoint)
    assert training.optimizer.param_groups[0]["lr"] == 1 / 3
    assert_same(training.run(4, 9).state.capture(9), end)


FORGET: dict[str, Callable[[Training], Any]] = {
    "the random state of PyTorch": lambda training: torch.manual_seed(99),
    "the random state of Python": lambda training: random.seed(99),
    "the random state of NumPy": lambda training: np.random.seed(99),
    "the generator handed in": lambda training: training.noise.normal(),
    "the optimizer's slots": lambda training: training.optimizer.state.clear(),
    "the optimizer's step count": lambda training: [
        slots["step"].zero_() for slots in training.optimizer.state.values()
    ],
    "the schedule": lambda training: setattr(training.scheduler, "last_epoch", 0),
    "the learning rate": lambda training: training.optimizer.param_groups[0].update(lr=0.01),
    "the running averages": lambda training: training.model.apply(
        lambda part: part.reset_running_stats() if isinstance(part, nn.BatchNorm1d) else None
    ),
}


@pytest.mark.parametrize("what", FORGET)
def test_forgetting_anything_changes_the_end(tmp_path: Path, what: str) -> None:
    whole = Training().run(0, 6)
    checkpoint = verified(tmp_path, whole.state.capture(6))
    end = whole.run(6, STEPS).state.capture(STEPS).weights_sha256()
    training = Training()
    training.state.restore(checkpoint)
    FORGET[what](training)
    assert training.run(6, STEPS).state.capture(STEPS).weights_sha256() != end


def tampered(path: Path, captured: Captured, **changes: Any) -> Verified:
    return verified(path, replace(captured, **changes))


@pytest.mark.parametrize("part", ["random.cpu", "slot.0.exp_avg", "slot.1.step"])
def test_a_checkpoint_without_a_part_of_the_training_is_refused(tmp_path: Path, part: str) -> None:
    training = Training().run(0, 3)
    captured = training.state.capture(3)
    train = {name: array for name, array in captured.train.items() if name != part}
    assert len(train) == len(captured.train) - 1
    with pytest.raises(CheckpointError):
        training.state.restore(tampered(tmp_path, captured, train=train))


@pytest.mark.parametrize("section", ["optimizer", "scheduler", "extras", "random"])
def test_a_checkpoint_without_a_section_of_its_state_is_refused(tmp_path: Path, section: str) -> None:
    training = Training().run(0, 3)
    captured = training.state.capture(3)
    state = {name: value for name, value in captured.state.items() if name != section}
    with pytest.raises(CheckpointError):
        training.state.restore(tampered(tmp_path, captured, state=state))


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("threads", 2),
        ("torch", "2.12.0"),
        ("device", "cuda"),
        ("processor", "other"),
        ("deterministic", False),
    ],
)
def test_another_environment_is_refused_unless_resumed_with_fast(
    tmp_path: Path, fact: str, other: Any
) -> None:
    training = Training().run(0, 3)
    captured = training.state.capture(3)
    train = dict(captured.train) | ({"random.cuda": captured.train["random.cpu"]} if other == "cuda" else {})
    checkpoint = tampered(tmp_path, captured, env=dict(captured.env) | {fact: other}, train=train)
    with pytest.raises(MismatchedCheckpoint, match=f"{fact} was {other}, is ") as refusal:
        training.state.restore(checkpoint)
    assert "fast" in refusal.value.remedy
    assert training.state.restore(checkpoint, strict=False) == 3


def test_a_real_change_of_threads_is_refused(tmp_path: Path) -> None:
    training = Training().run(0, 3)
    checkpoint = verified(tmp_path, training.state.capture(3))
    torch.set_num_threads(2)
    with pytest.raises(MismatchedCheckpoint, match="threads was 1, is 2"):
        training.state.restore(checkpoint)
