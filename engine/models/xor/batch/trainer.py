"""The trainer of a batch: loops compiled by Numba."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.models.xor.batch.arrays import ACTIVATIONS, LOSSES, OPTIMIZERS, NetArrays, NetGroup, Singles
from engine.models.xor.batch.batch_training import GroupTraining
from engine.models.xor.batch.plan import from_rows


class BatchTrainer:
    """Trains the networks of a group; several threads may use it. `cache` keeps the compiled code.

    Making one imports Numba, and compiles the loops or loads them. Raises EngineError.
    """

    def __init__(self, cache: Path) -> None:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))
        try:
            import llvmlite.binding
            import numba

            from engine.models.xor.batch import compiled_kernel

            self._kernel: Any = compiled_kernel
            self.multiple = compiled_kernel.WIDTH
            """widths of NetArrays are multiples of this"""
            self.facts = f"numba {numba.__version__} {llvmlite.binding.get_host_cpu_name()}"
            """what the bits of a result depend on"""
            self._compile()
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                f"Networks of XOR are trained by Numba, which cannot be used: {error}.",
                "Install dltui again, or set NUMBA_CACHE_DIR to a folder that can be written.",
            ) from error

    def advance(self, group: NetGroup, nets: NetArrays, done: int, epochs: int) -> None:
        """Train `epochs` epochs after the first `done`. A network that ends keeps the weights it ended
        with."""
        mean, root = corrections(done + 1, epochs)
        self._kernel.train(
            nets.weights, nets.first, nets.second, nets.lr, nets.sharpness, nets.min_delta,
            nets.target, nets.patience, nets.best, nets.waited, nets.outcome, nets.stop,
            nets.best_loss, nets.best_loss_at, nets.best_val_loss, nets.best_val_loss_at, done, mean, root,
            *_shape(group), OPTIMIZERS.index(group.optimizer), group.validates,
        )  # fmt: skip

    def evaluate(self, group: NetGroup, nets: NetArrays) -> tuple[Singles, Singles, NDArray[np.int32]]:
        """(W,) each: loss over the four rows, loss over the validation points (without validation the same
        again), number of right rows."""
        losses, right = np.empty((2, nets.width), np.float32), np.empty(nets.width, np.int32)
        self._kernel.evaluate(nets.weights, nets.sharpness, losses, right, *_shape(group), group.validates)
        return losses[0], losses[1], right

    def _compile(self) -> None:
        plan = from_rows([{}] * self.multiple)
        for group, indices in plan.groups():
            nets = GroupTraining(group, indices, plan).nets
            self.advance(group, nets, 0, 1)
            self.evaluate(group, nets)


def _shape(group: NetGroup) -> tuple[Any, ...]:
    return group.hidden, group.bypass, ACTIVATIONS.index(group.activation), LOSSES.index(group.loss)


def corrections(epoch: int, count: int) -> tuple[Singles, Singles]:
    """Adam's bias corrections of `count` epochs from `epoch` on: factors of the mean and of the root.

    Computed in float64 and rounded last, as in PyTorch.
    """
    epochs = np.arange(epoch, epoch + count, dtype=np.float64)
    mean = 1 / (1 - 0.9**epochs)
    root = 1 / np.sqrt(1 - 0.999**epochs)
    return mean.astype(np.float32), root.astype(np.float32)
