"""A fleet: a whole batch of networks on its way, in strides that depend on the plan alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor.batch.arrays import BESTS, OUTCOMES, Singles
from engine.models.xor.batch.group_training import WORST, GroupTraining
from engine.models.xor.batch.loss_curves import LossCurves
from engine.models.xor.batch.plan import BatchPlan
from engine.models.xor.batch.trainer import BatchTrainer

STRIDE_LEAST, STRIDE_MOST, STRIDES = 16, 128, 256
STRIDE_NANOSECONDS = 500_000_000
"""of work in NumPy between two moments at which the batch can be left"""
FEW = 1024
"""networks that NumPy trains faster in one thread"""
WIDTH = 20_480
"""networks of a NumPy block times its units, the bypass being one: what fits the second-level cache"""


class BatchTraining:
    """After each `advance` all networks stand at the same epoch; the bits do not depend on the strides."""

    def __init__(self, plan: BatchPlan, trainer: BatchTrainer, threads: int = 1) -> None:
        self.plan, self.trainer, self.threads = plan, trainer, max(1, threads)
        self.cohorts = [GroupTraining(group, lanes, plan) for group, lanes in plan.families()]
        self.epoch = 0
        self.epochs = int(plan.columns["epochs"].max())
        self._ends = [int(end) for end in np.unique(plan.columns["epochs"])]
        self.stride = self._stride()
        self.curves = LossCurves(len(plan), self.stride)

    @property
    def is_over(self) -> bool:
        return not any(len(group_training.running) for group_training in self.cohorts)

    @property
    def next_epoch(self) -> int:
        regular = (self.epoch // self.stride + 1) * self.stride
        return min([regular, *(end for end in self._ends if end > self.epoch)])

    def advance(self) -> int:
        """Train up to the next epoch to stop at, which is returned."""
        end = self.next_epoch
        with ThreadPoolExecutor(self._workers()) as pool:
            for done in [pool.submit(job) for job in self._jobs(end - self.epoch)]:
                done.result()
        self.epoch = end
        for group_training in self.cohorts:
            group_training.close(end)
        self.curves.see(end, self.column("loss"), self.column("val_loss"))
        return end

    def stop(self, lanes: Sequence[int]) -> None:
        """These train no more. What is at its end already, or is no network of the batch, is left alone."""
        if lanes:
            for group_training in self.cohorts:
                group_training.stop(np.flatnonzero(np.isin(group_training.lanes, lanes)), self.epoch)

    def column(self, name: str) -> NDArray[Any]:
        """(N,) of what cohorts and blocks keep for each network, in the order of the plan."""
        parts = [group_training.arrays()[name] for group_training in self.cohorts]
        whole = np.empty(len(self.plan), parts[0].dtype)
        for group_training, part in zip(self.cohorts, parts, strict=True):
            whole[group_training.lanes] = part
        return whole

    def weights(self) -> Singles:
        """(N, P of the largest), zeros behind a network's own."""
        whole = np.zeros(
            (len(self.plan), max(group_training.group.size for group_training in self.cohorts)), np.float32
        )
        for group_training in self.cohorts:
            whole[group_training.lanes, : group_training.group.size] = group_training.block.weights.T
        return whole

    def counts(self) -> dict[str, int]:
        """How many networks are running, success, fail, diverged."""
        found = np.bincount(self.column("outcome"), minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    # --- to and from a checkpoint ---------------------------------------------------------------------------

    def model_arrays(self) -> dict[str, Any]:
        return {
            f"{number}.weights": group_training.block.weights
            for number, group_training in enumerate(self.cohorts)
        }

    def train_arrays(self) -> dict[str, Any]:
        arrays = {"curves.loss": self.curves.loss, "curves.val_loss": self.curves.val_loss}
        for number, group_training in enumerate(self.cohorts):
            arrays |= {f"{number}.{name}": array for name, array in group_training.arrays().items()}
        return arrays

    def added_arrays(self) -> frozenset[str]:
        """Of `train_arrays`, those that checkpoints of before lack."""
        return frozenset(f"{number}.{name}" for number in range(len(self.cohorts)) for name in BESTS)

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "curves": self.curves.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch = int(state["epoch"])
        self.curves.load_state_dict(state["curves"])

    # --- within ---------------------------------------------------------------------------------------------

    def _stride(self) -> int:
        """A power of two: some hundred for the whole way, fewer epochs at once where each takes long."""
        cost = sum(
            len(group_training.lanes) * (30 + 8 * group_training.group.size)
            for group_training in self.cohorts
        )
        wished = max(STRIDE_LEAST, min(STRIDE_MOST, self.epochs // STRIDES))
        return 1 << (max(1, min(wished, STRIDE_NANOSECONDS // max(cost, 1))).bit_length() - 1)

    def _workers(self) -> int:
        """Threads of NumPy get into each other's way while its calls are short."""
        is_small = sum(len(group_training.running) for group_training in self.cohorts) < FEW
        return 1 if is_small and self.trainer.name == "numpy" else self.threads

    def _jobs(self, epochs: int) -> Iterator[Any]:
        for group_training in self.cohorts:
            running = group_training.running
            for chosen in _parts(running, self._width(group_training, len(running))):
                yield partial(self._train, group_training, chosen, epochs)

    def _width(self, group_training: GroupTraining, running: int) -> int:
        share = -(-running // self.threads)
        if self.trainer.name == "numpy":
            most = WIDTH // (group_training.group.hidden + group_training.group.bypass)
            share = -(-share // -(-share // most)) if running > FEW else running
        whole = self.trainer.lanes
        return max(whole, -(-share // whole) * whole)

    def _train(self, group_training: GroupTraining, chosen: NDArray[Any], epochs: int) -> None:
        block = group_training.block.take(chosen, self.trainer.lanes)
        self.trainer.path(group_training.group, block.width).advance(block, self.epoch, epochs)
        group_training.look(chosen, block)
        group_training.block.put(chosen, block)


def _parts(chosen: NDArray[Any], width: int) -> list[NDArray[Any]]:
    return [chosen[start : start + width] for start in range(0, len(chosen), width)]


def known(losses: Singles) -> NDArray[np.float64]:
    """Infinity for what is not known or not finite."""
    return np.where(losses >= WORST, np.inf, losses.astype(np.float64))
