"""What both paths share of the optimizers."""

from __future__ import annotations

import numpy as np

from engine.models.xor.batch.arrays import Singles

MOMENTUM, MEAN_DECAY, SQUARE_DECAY = np.float32(0.9), np.float32(0.9), np.float32(0.999)
EPSILON = np.float32(1e-8)


def corrections(epoch: int, count: int) -> tuple[Singles, Singles]:
    """Adam's corrections of its young averages: factors of the mean and of the root, from `epoch` on.

    In float64 until the last moment, as PyTorch has them.
    """
    epochs = np.arange(epoch, epoch + count, dtype=np.float64)
    mean = 1 / (1 - 0.9**epochs)
    root = 1 / np.sqrt(1 - 0.999**epochs)
    return mean.astype(np.float32), root.astype(np.float32)
