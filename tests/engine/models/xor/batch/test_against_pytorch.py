"""Gradients against finite differences and against PyTorch; losses epoch for epoch against a plain loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.models.xor import initial_weights
from engine.models.xor.batch.batch_training import BatchTraining
from engine.models.xor.batch.plan import from_rows
from engine.models.xor.xor_net import NEAR, NEAR_TRUTH, ROWS, TRUTH
from engine.params import Value
from tests.engine.models.xor.batch.sample_batches import trainer

KINDS = list(
    itertools.product(("btu", "sigmoid", "tanh", "relu"), ("bce", "mse"), ("sgd", "momentum", "adam"))
)
SHAPES = [(0, True), (1, True), (2, False), (5, True)]
T = 0.7


class Plain(nn.Module):
    """The network as an independent PyTorch module."""

    def __init__(self, row: dict[str, Value]) -> None:
        super().__init__()
        self.kind, self.bypass, k = row["activation"], row["bypass"], int(row["hidden"])
        self.first, self.last = nn.Linear(2, k), nn.Linear(k + (2 if self.bypass else 0), 1)
        start = initial_weights.draw([row["seed"]], k, bool(self.bypass), str(row["initial"]))
        with torch.no_grad():
            for own, drawn in (
                (self.first.weight, start.hidden_weight[..., 0]),
                (self.first.bias, start.hidden_bias[:, 0]),
                (self.last.weight, start.output_weight[:, 0][None]),
                (self.last.bias, start.output_bias),
            ):
                own.copy_(torch.from_numpy(drawn))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.first(x)
        kinds = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
        h = torch.sigmoid(z / T) if self.kind == "btu" else kinds[str(self.kind)](z)
        out = self.last(torch.cat([x, h], 1) if self.bypass else h).squeeze(1)
        return torch.sigmoid(out / T if self.kind == "btu" else out)


def rows_of(activation: str, loss: str, optimizer: str) -> list[dict[str, Value]]:
    return [
        {
            "hidden": hidden, "bypass": bypass, "activation": activation, "loss": loss,
            "optimizer": optimizer,
            "temperature": T, "lr": 0.1 if optimizer == "sgd" else 0.03, "epochs": 1000, "seed": seed,
            "initial": "linear" if seed % 2 else "xavier", "validation": "notebook",
        }
        for seed, (hidden, bypass) in enumerate(SHAPES * 2, start=1)
    ]  # fmt: skip


def plain_losses(row: dict[str, Value], epochs: int) -> list[tuple[float, float]]:
    """(over the rows, over the validation points) after each epoch, in double precision."""
    net = Plain(row).double()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    more = {"momentum": 0.9} if row["optimizer"] == "momentum" else {}
    step = kinds.get(str(row["optimizer"]), torch.optim.SGD)(net.parameters(), lr=row["lr"], **more)
    measure = F.binary_cross_entropy if row["loss"] == "bce" else F.mse_loss
    x, y = torch.from_numpy(ROWS), torch.from_numpy(TRUTH)
    all_x = torch.from_numpy(np.concatenate([ROWS, NEAR]))
    all_y = torch.from_numpy(np.concatenate([TRUTH, NEAR_TRUTH]))
    seen = []
    for _ in range(epochs):
        step.zero_grad()
        measure(net(x), y).backward()
        step.step()
        with torch.no_grad():
            seen.append((measure(net(x), y).item(), measure(net(all_x), all_y).item()))
    return seen


@pytest.mark.long
@pytest.mark.parametrize(("activation", "loss", "optimizer"), KINDS)
def test_losses_are_those_of_a_plain_loop_epoch_for_epoch(activation: str, loss: str, optimizer: str) -> None:
    rows = rows_of(activation, loss, optimizer)
    training = BatchTraining(from_rows(rows), trainer())
    training.stride = 1
    plain = [plain_losses(row, 30) for row in rows]
    for epoch in range(30):
        training.advance()
        ours = np.stack([training.column("loss"), training.column("val_loss")], axis=1)
        theirs = np.array([losses[epoch] for losses in plain])
        assert np.allclose(ours, theirs, rtol=2e-4, atol=2e-6), (epoch, ours - theirs)


@pytest.mark.parametrize("activation", ["btu", "sigmoid", "tanh"])
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_a_step_of_gradient_descent_agrees_with_finite_differences(activation: str, loss: str) -> None:
    row = {**rows_of(activation, loss, "sgd")[3], "lr": 1.0}
    training = BatchTraining(from_rows([row]), trainer())
    training.stride = 1
    before = training.weights()[0].astype(np.float64)
    training.advance()
    gradient = before - training.weights()[0]
    for number in range(len(before)):
        above, below = (_loss(row, before + sign * 1e-6 * np.eye(len(before))[number]) for sign in (1, -1))
        assert gradient[number] == pytest.approx((above - below) / 2e-6, rel=1e-3, abs=2e-6)


def _loss(row: dict[str, Value], weights: np.ndarray) -> float:
    """The loss of five units and bypass, written out."""
    first, second, bias, beside, output, last = np.split(weights, [5, 10, 15, 17, 22])
    t = T if row["activation"] == "btu" else 1.0
    z = (ROWS[:, :1] * first + ROWS[:, 1:] * second + bias) / t
    h = np.tanh(z) if row["activation"] == "tanh" else 1 / (1 + np.exp(-z))
    p = 1 / (1 + np.exp(-(h @ output + ROWS @ beside + last) / t))
    if row["loss"] == "mse":
        return float(np.mean((p - TRUTH) ** 2))
    return float(-np.mean(TRUTH * np.log(p) + (1 - TRUTH) * np.log(1 - p)))


@pytest.mark.parametrize(("loss", "optimizer", "lr"), [("bce", "sgd", 2.0), ("mse", "adam", 0.5),
                                                      ("bce", "momentum", 0.3)])  # fmt: skip
def test_the_best_losses_are_the_smallest_that_a_run_alone_logs(loss: str, optimizer: str, lr: float) -> None:
    """The training loss of a step is that before its update, the validation loss that after it."""
    rows = [{**row, "lr": lr, "epochs": 40} for row in rows_of("tanh", loss, optimizer)]
    training = BatchTraining(from_rows(rows), trainer())
    while not training.is_over:
        training.advance()
    for index, row in enumerate(rows):
        after = plain_losses(row, 40)
        before = [plain_start(row), *(own for own, _ in after[:-1])]
        validated = [val for _, val in after]
        assert training.column("best_loss")[index] == pytest.approx(min(before), rel=2e-3, abs=2e-6)
        assert training.column("best_val_loss")[index] == pytest.approx(min(validated), rel=2e-3, abs=2e-6)
        at, val_at = (int(training.column(name)[index]) for name in ("best_loss_at", "best_val_loss_at"))
        assert before[at - 1] == pytest.approx(min(before), rel=2e-3, abs=2e-6)
        assert validated[val_at - 1] == pytest.approx(min(validated), rel=2e-3, abs=2e-6)


def plain_start(row: dict[str, Value]) -> float:
    """The loss over the rows before training."""
    measure = F.binary_cross_entropy if row["loss"] == "bce" else F.mse_loss
    with torch.no_grad():
        return measure(Plain(row).double()(torch.from_numpy(ROWS)), torch.from_numpy(TRUTH)).item()
