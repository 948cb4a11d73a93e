"""A small PyTorch training that uses every kind of random number; as a program, one that may be killed.

    python -m tests.checkpoints.training FOLDER STEPS EVERY

resumes from FOLDER, saves every EVERY steps, and prints the SHA-256 of the final weights.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from checkpoints import folder
from checkpoints.checkpoint_content import Captured
from checkpoints.folder import Verified
from checkpoints.torch_io import TorchState, strict_mode

SEED = 7
ROWS, BATCH, WIDTH = 64, 8, 6
STEPS_PER_EPOCH = ROWS // BATCH
Optimizers = Callable[[Iterable[nn.Parameter]], Optimizer]


class Patience:
    """Early stopping as data: the best loss so far, infinite at first, and when it was."""

    def __init__(self) -> None:
        self.best = math.inf
        self.history: list[tuple[int, float]] = []

    def see(self, step: int, loss: float) -> None:
        if loss < self.best:
            self.best = loss
            self.history.append((step, loss))

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "history": self.history}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.history = state["best"], state["history"]


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(WIDTH, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.4), nn.Linear(12, 3)
    )


def adam(parameters: Iterable[nn.Parameter]) -> Optimizer:
    return torch.optim.Adam(parameters, 0.01)


class Training:
    """Everything between two updates is in `state`; the data order is a function of seed and epoch."""

    def __init__(
        self, optimizer: Optimizers = adam, model: Callable[[], nn.Module] = mlp, device: str = "cpu"
    ) -> None:
        strict_mode(1, SEED)
        data = np.random.default_rng(1)
        self.inputs = torch.from_numpy(data.normal(size=(ROWS, WIDTH)).astype(np.float32)).to(device)
        self.targets = torch.from_numpy(data.integers(0, 3, ROWS)).to(device)
        self.model = model().to(device)
        self.optimizer = optimizer(self.model.parameters())
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, [5, 11], 0.5)
        self.noise = np.random.Generator(np.random.Philox(key=[SEED, 1]))
        self.patience = Patience()
        self.state = TorchState(
            self.model, self.optimizer, self.scheduler, {"patience": self.patience}, {"noise": self.noise}
        )

    def update(self, step: int) -> None:
        """The update that makes `step` completed ones."""
        epoch, position = divmod(step - 1, STEPS_PER_EPOCH)
        order = np.random.Generator(np.random.Philox(key=[SEED, epoch])).permutation(ROWS)
        rows = torch.from_numpy(order[position * BATCH : (position + 1) * BATCH])
        shift = random.gauss(0, 0.1) + np.random.normal(0, 0.1) + self.noise.normal(0, 0.1)
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.inputs[rows] + shift), self.targets[rows])
        torch.autograd.backward(loss)
        self.optimizer.step()
        self.scheduler.step()
        self.patience.see(step, loss.item())

    def run(self, after: int, until: int) -> Training:
        for step in range(after + 1, until + 1):
            self.update(step)
        return self


def save(path: Path, captured: Captured, **options: Any) -> folder.Saved:
    """Save as a worker does."""
    return folder.write(
        path,
        captured.step,
        captured.files(),
        run_id="training",
        weights_sha256=captured.weights_sha256(),
        env=captured.env,
        reserve=0,
        **options,
    )


def verified(path: Path, captured: Captured) -> Verified:
    """Through the disk and back."""
    return folder.read(save(path, captured).found.path)


def main(path: Path, steps: int, every: int) -> None:
    training = Training()
    folder.remove_leftovers(path)
    newest, damaged = folder.newest_intact(path)
    step = training.state.restore(newest) if newest else 0
    print("started at", step, "with", len(damaged), "damaged", flush=True)
    while step < steps:
        training.run(step, step + every)
        step += every
        save(path, training.state.capture(step))
    print("ended with", training.state.capture(step).weights_sha256(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
