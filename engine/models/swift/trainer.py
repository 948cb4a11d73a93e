"""A network of PyTorch's, trained by compiled loops in the memory of its own parameters."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.swift import layers, step
from engine.models.swift.barrier import SIZE
from engine.models.swift.layers import Conv, Dense, Floats, Parameter
from engine.models.swift.vector import LANES

MOST_CONVS, MOST_DENSES = 2, 3


class Trainer:
    """`convs` and `denses` are (weight, bias) pairs in their order, seen from the pixels up.

    All networks are given the same number of layers, some of them empty, so that one compilation serves all.
    """

    def __init__(self, convs: Sequence[tuple[Parameter, Parameter]],
                 denses: Sequence[tuple[Parameter, Parameter]], pixels: Floats, labels: NDArray[np.int64],
                 side: int, batch: int, threads: int, drops: bool) -> None:  # fmt: skip
        blocks = -(-batch // LANES)
        self.ranks = max(1, min(threads, blocks))
        lanes = layers.zeros(blocks, side * side, LANES)
        self.convs, inputs = _convs(convs, blocks, side, self.ranks)
        self.denses = _denses(denses, blocks, inputs or side * side, None if convs else lanes)
        rows = layers.zeros(blocks * LANES, side * side) if convs else self.denses[0].rows
        most = max(8 * layer.seen.shape[1] for layer in self.denses)
        kept = (blocks * LANES, inputs) if drops else (LANES, LANES)
        self.batch = step.Batch(
            pixels, labels, np.zeros(batch, np.int64), np.zeros(8, np.int64), np.zeros(1),
            np.zeros(batch, np.int64), layers.zeros(blocks * LANES), rows, lanes,
            layers.zeros(*kept), layers.zeros(kept[0] // LANES, kept[1], LANES),
            layers.zeros(self.ranks, most), np.zeros(SIZE, np.int64),
        )  # fmt: skip
        facts = self.batch.facts
        facts[step.CONVS], facts[step.DENSES], facts[step.DROPS] = len(convs), len(denses), drops
        self._helpers: list[threading.Thread] = []

    def start(self):
        for rank in range(1, self.ranks):
            arguments = (rank, self.ranks, self.batch, self.convs, self.denses)
            helper = threading.Thread(target=step.work, args=arguments, daemon=True)
            helper.start()
            self._helpers.append(helper)

    def close(self):
        if self._helpers:
            step.dismiss(self.ranks, self.batch)
            for helper in self._helpers:
                helper.join()
            self._helpers = []

    def step(self, chosen: NDArray[np.int64], number: int, lr: float) -> float:
        images = len(chosen)
        self.batch.chosen[:images] = chosen
        self.batch.facts[step.IMAGES], self.batch.facts[step.STEP] = images, number
        self.batch.lr[0] = lr
        return step.work(0, self.ranks, self.batch, self.convs, self.denses)


def _convs(pairs: Any, blocks: int, side: int, ranks: int) -> tuple[tuple[Conv, ...], int]:
    made, inputs = [], 0
    for n, (weight, bias) in enumerate(pairs):
        made.append(layers.conv(weight, bias, blocks, FILTERS if n else 1, side >> n, ranks))
        inputs = FILTERS * (side >> n + 1) ** 2
    nothing = Parameter(*[layers.zeros(1)] * 3)
    while len(made) < MOST_CONVS:
        made.append(layers.conv(nothing, nothing, 1, 1, 0, 1))
    return tuple(made), inputs


def _denses(pairs: Any, blocks: int, inputs: int, seen: Floats | None) -> tuple[Dense, ...]:
    made: list[Dense] = []
    below: Floats | None = None
    for weight, bias in pairs:
        layer = layers.dense(weight, bias, blocks, inputs, len(bias.value), seen, below)
        made.append(layer)
        inputs, seen, below = len(bias.value), layer.out, layer.delta
    nothing = Parameter(*[layers.zeros(1)] * 3)
    while len(made) < MOST_DENSES:
        made.append(layers.dense(nothing, nothing, 1, 1, 1, None, None))
    return tuple(made)


FILTERS = layers.FILTERS
