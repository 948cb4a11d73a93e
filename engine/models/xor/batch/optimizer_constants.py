"""Constants of the optimizers, shared by both backends."""

from __future__ import annotations

import numpy as np

from engine.models.xor.batch.arrays import Singles

MOMENTUM, MEAN_DECAY, SQUARE_DECAY = np.float32(0.9), np.float32(0.9), np.float32(0.999)
EPSILON = np.float32(1e-8)


def corrections(epoch: int, count: int) -> tuple[Singles, Singles]:
    """Adam's bias corrections of `count` epochs from `epoch` on: factors of the mean and of the root.

    Computed in float64 and rounded last, as in PyTorch.
    """
    epochs = np.arange(epoch, epoch + count, dtype=np.float64)
    mean = 1 / (1 - 0.9**epochs)
    root = 1 / np.sqrt(1 - 0.999**epochs)
    return mean.astype(np.float32), root.astype(np.float32)
