"""Epochs by the compiled kernel. Importing this module imports Numba."""

from __future__ import annotations

from engine.models.xor.batch import compiled_kernel
from engine.models.xor.batch.arrays import NetArrays
from engine.models.xor.batch.group import ACTIVATIONS, LOSSES, OPTIMIZERS, NetGroup
from engine.models.xor.batch.group_training import GroupTraining
from engine.models.xor.batch.optimizer_constants import corrections
from engine.models.xor.batch.plan import from_rows


class CompiledBackend:
    def __init__(self, group: NetGroup) -> None:
        self._recipe = (
            group.hidden, group.bypass, ACTIVATIONS.index(group.activation), LOSSES.index(group.loss),
            OPTIMIZERS.index(group.optimizer), group.validates,
        )  # fmt: skip

    def advance(self, nets: NetArrays, done: int, epochs: int) -> None:
        """As NumpyBackend.advance."""
        mean, root = corrections(done + 1, epochs)
        compiled_kernel.train(
            nets.weights, nets.first, nets.second, nets.lr, nets.sharpness, nets.min_delta,
            nets.target, nets.patience, nets.best, nets.waited, nets.outcome, nets.stop,
            nets.best_loss, nets.best_loss_at, nets.best_val_loss, nets.best_val_loss_at, done, mean,
            root, *self._recipe,
        )  # fmt: skip


def compile_kernel() -> None:
    """Compile the kernel, or load it from Numba's cache."""
    plan = from_rows([{}] * compiled_kernel.WIDTH)
    for group, indices in plan.groups():
        CompiledBackend(group).advance(GroupTraining(group, indices, plan).nets, 0, 1)
