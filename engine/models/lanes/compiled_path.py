"""Epochs by the compiled kernel. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np

from engine.models.lanes import kernel
from engine.models.lanes.block import LANES, Block
from engine.models.lanes.family import ACTIVATIONS, LOSSES, OPTIMIZERS, Family
from engine.models.lanes.schedule import corrections


class CompiledPath:
    def __init__(self, family: Family) -> None:
        self._recipe = (
            family.hidden, family.bypass, ACTIVATIONS.index(family.activation), LOSSES.index(family.loss),
            OPTIMIZERS.index(family.optimizer), family.validates,
        )  # fmt: skip

    def advance(self, block: Block, done: int, epochs: int) -> None:
        """As NumpyPath.advance."""
        mean, root = corrections(done + 1, epochs)
        kernel.train(
            block.weights, block.first, block.second, block.lr, block.sharpness, block.min_delta, block.target,
            block.patience, block.best, block.waited, block.outcome, block.stop, np.int64(done), mean, root,
            *self._recipe,
        )  # fmt: skip


def warm() -> None:
    """Compile, or read what was compiled before."""
    family = Family(1, True, "sigmoid", "bce", "adam", True)
    block = Block(
        *(np.zeros((family.size, LANES), np.float32) for _ in range(3)),
        *(np.ones(LANES, np.float32) for _ in range(4)),
        patience=np.ones(LANES, np.int32),
        best=np.ones(LANES, np.float32),
        **{name: np.zeros(LANES, np.int32) for name in ("waited", "outcome", "stop")},
    )
    CompiledPath(family).advance(block, 0, 1)
