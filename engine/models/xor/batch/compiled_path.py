"""Epochs by the compiled kernel. Importing this module imports Numba."""

from __future__ import annotations

from engine.models.xor.batch import compiled_kernel
from engine.models.xor.batch.arrays import NetArrays
from engine.models.xor.batch.group import ACTIVATIONS, LOSSES, OPTIMIZERS, NetGroup
from engine.models.xor.batch.group_training import GroupTraining
from engine.models.xor.batch.optimizer_constants import corrections
from engine.models.xor.batch.plan import from_rows


class CompiledPath:
    def __init__(self, group: NetGroup) -> None:
        self._recipe = (
            group.hidden, group.bypass, ACTIVATIONS.index(group.activation), LOSSES.index(group.loss),
            OPTIMIZERS.index(group.optimizer), group.validates,
        )  # fmt: skip

    def advance(self, block: NetArrays, done: int, epochs: int) -> None:
        """As NumpyPath.advance."""
        mean, root = corrections(done + 1, epochs)
        compiled_kernel.train(
            block.weights, block.first, block.second, block.lr, block.sharpness, block.min_delta,
            block.target, block.patience, block.best, block.waited, block.outcome, block.stop,
            block.best_loss, block.best_loss_at, block.best_val_loss, block.best_val_loss_at, done, mean,
            root, *self._recipe,
        )  # fmt: skip


def warm() -> None:
    """Compile, or read what was compiled before."""
    plan = from_rows([{}] * compiled_kernel.LANES)
    for group, lanes in plan.families():
        CompiledPath(group).advance(GroupTraining(group, lanes, plan).block, 0, 1)
