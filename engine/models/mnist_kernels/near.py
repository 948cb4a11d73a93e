"""A dense layer whose weights stay in a thread's caches, forward, and its update.

Threads share out images on the way forward, and rows of weights in the update, so they meet only in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.mnist_kernels.adam import adam, rates
from engine.models.mnist_kernels.products import sums_of_rows
from engine.models.mnist_kernels.tiles import (
    dot_1x1,
    dot_1x3,
    dot_8x1,
    dot_8x3,
    learn_1x1,
    learn_1x2,
    learn_8x1,
    learn_8x2,
)
from engine.models.mnist_kernels.vector import LANES, inner

ROWS = 8  # of a tile
ZERO, FREE = np.float32(0), np.float32(-np.inf)


@inner
def forward(layer: Any, first: int, last: int, floor: Any) -> None:
    """Images `first` to `last`: out = max(floor, weight @ seen + bias)."""
    w, bias, x, out = layer.weight.value, layer.bias.value, layer.seen.reshape(-1), layer.out.reshape(-1)
    outputs = len(bias)
    n, x_row, out_row = len(w) // outputs, layer.seen.shape[1], layer.out.shape[1]
    whole, threes = outputs - outputs % ROWS, last - (last - first) % 3
    for r in range(0, whole, ROWS):
        for image in range(first, threes, 3):
            dot_8x3(w, r * n, n, bias, r, x, image * x_row, x_row, out, image * out_row + r, out_row, floor)
        for image in range(threes, last):
            dot_8x1(w, r * n, n, bias, r, x, image * x_row, x_row, out, image * out_row + r, out_row, floor)
    for r in range(whole, outputs):
        for image in range(first, threes, 3):
            dot_1x3(w, r * n, n, bias, r, x, image * x_row, x_row, out, image * out_row + r, out_row, floor)
        for image in range(threes, last):
            dot_1x1(w, r * n, n, bias, r, x, image * x_row, x_row, out, image * out_row + r, out_row, floor)


@inner
def update(layer: Any, rank: int, ranks: int, images: int, sums: Any, lr: float, step: float) -> None:
    """Eight rows and 32 inputs at a time: their gradient is used where it is summed, in registers."""
    outputs = len(layer.bias.value)
    groups = -(-outputs // ROWS)
    first, last = groups * rank // ranks * ROWS, min(outputs, groups * (rank + 1) // ranks * ROWS)
    rate, root = rates(lr, step)
    whole = last - (last - first) % ROWS
    for r in range(first, whole, ROWS):
        _learn_eight(layer, r, images, rate, root)
    for r in range(whole, last):
        _learn_one(layer, r, images, rate, root)
    delta, row = layer.delta.reshape(-1), layer.delta.shape[1]
    for r in range(first, last, LANES):
        sums_of_rows(delta, r, row, images, sums, 0)
        adam(layer.bias, r, sums, min(LANES, last - r), lr, step)


def _learner(wide: Any, narrow: Any) -> Any:
    """Of some rows: `wide` takes 32 inputs at a time, `narrow` at most 16 of what is left."""

    @njit(inline="always")
    def learn(layer: Any, r: int, images: int, rate: Any, root: Any) -> None:
        delta, x, w = layer.delta.reshape(-1), layer.seen.reshape(-1), layer.weight
        d_row, x_row, n = layer.delta.shape[1], layer.seen.shape[1], len(w.value) // len(layer.bias.value)
        whole = n - n % (2 * LANES)
        for i in range(0, whole, 2 * LANES):
            wide(
                delta,
                r,
                d_row,
                x,
                i,
                x_row,
                images,
                w.value,
                w.mean,
                w.square,
                r * n + i,
                n,
                LANES,
                rate,
                root,
            )
        for i in range(whole, n, LANES):
            width = min(LANES, n - i)
            narrow(
                delta,
                r,
                d_row,
                x,
                i,
                x_row,
                images,
                w.value,
                w.mean,
                w.square,
                r * n + i,
                n,
                width,
                rate,
                root,
            )

    return learn


_learn_eight, _learn_one = _learner(learn_8x2, learn_8x1), _learner(learn_1x2, learn_1x1)
