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
        self.cohorts = [GroupTraining(family, lanes, plan) for family, lanes in plan.families()]
        self.epoch = 0
        self.epochs = int(plan.columns["epochs"].max())
        self._ends = [int(end) for end in np.unique(plan.columns["epochs"])]
        self.stride = self._stride()
        self.curves = LossCurves(len(plan), self.stride)

    @property
    def is_over(self) -> bool:
        return not any(len(cohort.running) for cohort in self.cohorts)

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
        for cohort in self.cohorts:
            cohort.close(end)
        self.curves.see(end, self.column("loss"), self.column("val_loss"))
        return end

    def stop(self, lanes: Sequence[int]) -> None:
        """These train no more. What is at its end already, or is no network of the batch, is left alone."""
        if lanes:
            for cohort in self.cohorts:
                cohort.stop(np.flatnonzero(np.isin(cohort.lanes, lanes)), self.epoch)

    def column(self, name: str) -> NDArray[Any]:
        """(N,) of what cohorts and blocks keep for each network, in the order of the plan."""
        parts = [cohort.arrays()[name] for cohort in self.cohorts]
        whole = np.empty(len(self.plan), parts[0].dtype)
        for cohort, part in zip(self.cohorts, parts, strict=True):
            whole[cohort.lanes] = part
        return whole

    def weights(self) -> Singles:
        """(N, P of the largest), zeros behind a network's own."""
        whole = np.zeros((len(self.plan), max(cohort.family.size for cohort in self.cohorts)), np.float32)
        for cohort in self.cohorts:
            whole[cohort.lanes, : cohort.family.size] = cohort.block.weights.T
        return whole

    def counts(self) -> dict[str, int]:
        """How many networks are running, success, fail, diverged."""
        found = np.bincount(self.column("outcome"), minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    # --- to and from a checkpoint ---------------------------------------------------------------------------

    def model_arrays(self) -> dict[str, Any]:
        return {f"{number}.weights": cohort.block.weights for number, cohort in enumerate(self.cohorts)}

    def train_arrays(self) -> dict[str, Any]:
        arrays = {"curves.loss": self.curves.loss, "curves.val_loss": self.curves.val_loss}
        for number, cohort in enumerate(self.cohorts):
            arrays |= {f"{number}.{name}": array for name, array in cohort.arrays().items()}
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
        cost = sum(len(cohort.lanes) * (30 + 8 * cohort.family.size) for cohort in self.cohorts)
        wished = max(STRIDE_LEAST, min(STRIDE_MOST, self.epochs // STRIDES))
        return 1 << (max(1, min(wished, STRIDE_NANOSECONDS // max(cost, 1))).bit_length() - 1)

    def _workers(self) -> int:
        """Threads of NumPy get into each other's way while its calls are short."""
        is_small = sum(len(cohort.running) for cohort in self.cohorts) < FEW
        return 1 if is_small and self.trainer.name == "numpy" else self.threads

    def _jobs(self, epochs: int) -> Iterator[Any]:
        for cohort in self.cohorts:
            running = cohort.running
            for chosen in _parts(running, self._width(cohort, len(running))):
                yield partial(self._train, cohort, chosen, epochs)

    def _width(self, cohort: GroupTraining, running: int) -> int:
        share = -(-running // self.threads)
        if self.trainer.name == "numpy":
            most = WIDTH // (cohort.family.hidden + cohort.family.bypass)
            share = -(-share // -(-share // most)) if running > FEW else running
        whole = self.trainer.lanes
        return max(whole, -(-share // whole) * whole)

    def _train(self, cohort: GroupTraining, chosen: NDArray[Any], epochs: int) -> None:
        block = cohort.block.take(chosen, self.trainer.lanes)
        self.trainer.path(cohort.family, block.width).advance(block, self.epoch, epochs)
        cohort.look(chosen, block)
        cohort.block.put(chosen, block)


def _parts(chosen: NDArray[Any], width: int) -> list[NDArray[Any]]:
    return [chosen[start : start + width] for start in range(0, len(chosen), width)]


def known(losses: Singles) -> NDArray[np.float64]:
    """Infinity for what is not known or not finite."""
    return np.where(losses >= WORST, np.inf, losses.astype(np.float64))
