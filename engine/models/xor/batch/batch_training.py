"""Training of a whole batch of networks, in strides whose length depends on the plan alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor.batch.arrays import BESTS, OUTCOMES, Singles
from engine.models.xor.batch.group_training import WORST, GroupTraining
from engine.models.xor.batch.loss_curves import LossCurves
from engine.models.xor.batch.plan import BatchPlan

if TYPE_CHECKING:  # it is made only where networks are trained
    from engine.models.xor.batch.trainer import BatchTrainer

STRIDE_LEAST, STRIDE_MOST, STRIDES = 16, 128, 256
STRIDE_NANOSECONDS = 500_000_000
"""of estimated work per stride: a batch can be paused only between strides"""


class BatchTraining:
    """After each `advance` all running networks are at the same epoch; the bits do not depend on the
    strides."""

    def __init__(self, plan: BatchPlan, trainer: BatchTrainer, threads: int = 1) -> None:
        self.plan, self.trainer, self.threads = plan, trainer, max(1, threads)
        self.groups = [GroupTraining(group, indices, plan) for group, indices in plan.groups()]
        self.epoch = 0
        self.epochs = int(plan.columns["epochs"].max())
        self._ends = [int(end) for end in np.unique(plan.columns["epochs"])]
        self.stride = self._stride()
        self.curves = LossCurves(len(plan), self.stride)

    @property
    def is_over(self) -> bool:
        return not any(len(group_run.running) for group_run in self.groups)

    @property
    def next_epoch(self) -> int:
        regular = (self.epoch // self.stride + 1) * self.stride
        return min([regular, *(end for end in self._ends if end > self.epoch)])

    def advance(self) -> int:
        """Train to the end of the stride; returns the epoch reached."""
        end = self.next_epoch
        with ThreadPoolExecutor(self.threads) as pool:
            for done in [pool.submit(job) for job in self._jobs(end - self.epoch)]:
                done.result()
        self.epoch = end
        for group_run in self.groups:
            group_run.update_outcomes(end)
        self.curves.add(end, self.column("loss"), self.column("val_loss"))
        return end

    def stop(self, indices: Sequence[int]) -> None:
        """Stop the networks at `indices`. Those that have ended, and indices outside the batch, are
        ignored."""
        if indices:
            for group_run in self.groups:
                group_run.stop(np.flatnonzero(np.isin(group_run.indices, indices)), self.epoch)

    def column(self, name: str) -> NDArray[Any]:
        """(N,) of an array that the groups keep per network, in the order of the plan."""
        parts = [group_run.arrays()[name] for group_run in self.groups]
        whole = np.empty(len(self.plan), parts[0].dtype)
        for group_run, part in zip(self.groups, parts, strict=True):
            whole[group_run.indices] = part
        return whole

    def weights(self) -> Singles:
        """(N, P of the largest network), padded with zeros."""
        whole = np.zeros((len(self.plan), max(group_run.group.size for group_run in self.groups)), np.float32)
        for group_run in self.groups:
            whole[group_run.indices, : group_run.group.size] = group_run.nets.weights.T
        return whole

    def counts(self) -> dict[str, int]:
        """The number of networks with each outcome."""
        found = np.bincount(self.column("outcome"), minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    # --- to and from a checkpoint ---------------------------------------------------------------------------

    def model_arrays(self) -> dict[str, Any]:
        return {f"{number}.weights": group_run.nets.weights for number, group_run in enumerate(self.groups)}

    def train_arrays(self) -> dict[str, Any]:
        arrays = {"curves.loss": self.curves.loss, "curves.val_loss": self.curves.val_loss}
        for number, group_run in enumerate(self.groups):
            arrays |= {f"{number}.{name}": array for name, array in group_run.arrays().items()}
        return arrays

    def added_arrays(self) -> frozenset[str]:
        """Names in `train_arrays` that checkpoints of earlier versions lack."""
        return frozenset(f"{number}.{name}" for number in range(len(self.groups)) for name in BESTS)

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "curves": self.curves.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch = int(state["epoch"])
        self.curves.load_state_dict(state["curves"])

    # --- within ---------------------------------------------------------------------------------------------

    def _stride(self) -> int:
        """Epochs per stride, a power of two: about STRIDES strides in all, shorter where an epoch takes
        long."""
        cost = sum(len(group_run.indices) * (30 + 8 * group_run.group.size) for group_run in self.groups)
        wished = max(STRIDE_LEAST, min(STRIDE_MOST, self.epochs // STRIDES))
        return 1 << (max(1, min(wished, STRIDE_NANOSECONDS // max(cost, 1))).bit_length() - 1)

    def _jobs(self, epochs: int) -> Iterator[Any]:
        for group_run in self.groups:
            running = group_run.running
            for chosen in _parts(running, self._width(len(running))):
                yield partial(self._train, group_run, chosen, epochs)

    def _width(self, running: int) -> int:
        share, whole = -(-running // self.threads), self.trainer.multiple
        return max(whole, -(-share // whole) * whole)

    def _train(self, group_run: GroupTraining, chosen: NDArray[Any], epochs: int) -> None:
        group, nets = group_run.group, group_run.nets.take(chosen, self.trainer.multiple)
        self.trainer.advance(group, nets, self.epoch, epochs)
        group_run.store(chosen, nets, self.trainer.evaluate(group, nets))


def _parts(chosen: NDArray[Any], width: int) -> list[NDArray[Any]]:
    return [chosen[start : start + width] for start in range(0, len(chosen), width)]


def finite_or_inf(losses: Singles) -> NDArray[np.float64]:
    """(N,) with infinity where a loss is unknown or not finite."""
    return np.where(losses >= WORST, np.inf, losses.astype(np.float64))
