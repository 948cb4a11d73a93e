"""A network of up to two convolutions and three dense layers, and the threads that train it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.models.mnist_kernels import layers, step
from engine.models.mnist_kernels.barrier import SIZE
from engine.models.mnist_kernels.layers import FILTERS, Conv, DenseArrays, Floats, Parameter
from engine.models.mnist_kernels.listed import SEGMENT, WIDTH
from engine.models.mnist_kernels.vector import LANES

MOST_CONVS, MOST_DENSES = 2, 3
"""Every network is given this many layers, the spare ones empty, so that one compilation serves them all."""
ROOM = SEGMENT * WIDTH
NEAR = 1 << 18
"""weights of a layer that stay in a thread's caches"""

Pair = tuple[Parameter, Parameter]
"""weight and bias"""


class KernelTrainer:
    """`convs` and `denses` in their order from the pixels up; `pixels` (N, side * side), `labels` (N,).

    `dropout` is the seed by which half of what the first dense layer sees is dropped, if that is wanted.
    """

    def __init__(self, convs: Sequence[Pair], denses: Sequence[Pair], pixels: Floats,
                 labels: NDArray[np.int64], batch: int, threads: int = 1,
                 dropout: int | None = None) -> None:  # fmt: skip
        blocks, count = step.blocks_of(batch), pixels.shape[1]
        self.ranks = max(1, min(threads, blocks))
        self.convs, inputs = _convs(convs, blocks, round(count**0.5), self.ranks)
        rows, size = layers.rows(batch, count), inputs * LANES
        self.denses = _denses(denses, batch, inputs or count, None if convs else rows)
        self._batch = step.KernelBatch(
            pixels, labels, np.zeros(batch, np.int64), np.zeros(8, np.int64), np.zeros(1),
            np.zeros(batch, np.int64), layers.zeros(batch), rows, layers.zeros(self.ranks, count * LANES),
            layers.zeros(self.ranks, size), layers.zeros(self.ranks, ROOM), layers.zeros(self.ranks, ROOM),
            np.zeros(SIZE, np.int64),
        )  # fmt: skip
        facts = self._batch.facts
        facts[step.CONVS], facts[step.DENSES] = len(convs), len(denses)
        facts[step.NEAR] = not convs and all(len(weight.value) <= NEAR for weight, _ in denses)
        facts[step.DROPS], facts[step.SEED] = dropout is not None, dropout or 0
        self._help()

    def step(self, chosen: NDArray[np.int64], number: int, lr: float) -> float:
        """Update `number` (1 is the first) on the chosen images; returns their mean loss."""
        batch = self._batch
        batch.chosen[: len(chosen)] = chosen
        batch.facts[step.IMAGES], batch.facts[step.STEP] = len(chosen), number
        batch.lr[0] = lr
        loss: float = step.work(0, self.ranks, batch, self.convs, self.denses)
        return loss

    def _help(self) -> None:
        """Threads that stay in compiled code; they leave when nobody holds the trainer any more."""
        for rank in range(1, self.ranks):
            arguments = (rank, self.ranks, self._batch, self.convs, self.denses)
            threading.Thread(target=step.work, args=arguments, daemon=True).start()
        if self.ranks > 1:
            weakref.finalize(self, step.dismiss, self.ranks, self._batch)


def warm() -> None:
    """Compile for this processor, or read what was compiled before: a step of the smallest network."""
    bias, weight = (Parameter(*(layers.zeros(n) for _ in range(3))) for n in (1, LANES))
    KernelTrainer([], [(weight, bias)], np.zeros((1, LANES), np.float32), np.zeros(1, np.int64), 1).step(
        np.zeros(1, np.int64), 1, 0.0
    )


def _convs(pairs: Sequence[Pair], blocks: int, side: int, ranks: int) -> tuple[tuple[Conv, ...], int]:
    """And how many numbers come out of the last."""
    made = [
        layers.conv(weight, bias, blocks, FILTERS if n else 1, side >> n, ranks)
        for n, (weight, bias) in enumerate(pairs)
    ]
    nothing = Parameter(*(layers.zeros(1) for _ in range(3)))
    spare = [layers.conv(nothing, nothing, 1, 1, 0, 1)] * (MOST_CONVS - len(made))
    return (*made, *spare), FILTERS * (side >> len(made)) ** 2 if made else 0


def _denses(pairs: Sequence[Pair], images: int, inputs: int, seen: Floats | None) -> tuple[DenseArrays, ...]:
    made: list[DenseArrays] = []
    below: Floats | None = None
    for weight, bias in pairs:
        layer = layers.dense(weight, bias, images, inputs, len(bias.value), seen, below)
        made.append(layer)
        inputs, seen, below = len(bias.value), layer.out, layer.delta
    nothing = Parameter(*(layers.zeros(1) for _ in range(3)))
    spare = [layers.dense(nothing, nothing, 1, 1, 1, None, None)] * (MOST_DENSES - len(made))
    return (*made, *spare)
