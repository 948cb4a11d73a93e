"""A dense layer, forward and backward, and its update row by row.

Images are rows, so no lane of a register is without one, however many images there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.swift.adam import adam, rates
from engine.models.swift.products import (
    back_1x1,
    back_1x4,
    back_5x1,
    back_5x4,
    dot_1x1,
    dot_1x3,
    dot_8x1,
    dot_8x3,
    learn_1x1,
    learn_1x2,
    learn_8x1,
    learn_8x2,
    sums_of_rows,
)
from engine.models.swift.vector import LANES, inner

ROWS = 8  # of a tile
NEAR = 96
"""rows of weights whose part in 64 gradients stays in the nearest cache for all images"""
FREE = np.float32(-np.inf)


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
def backward(layer: Any, first: int, last: int) -> None:
    """below = delta @ weight, 64 inputs at a time."""
    for image in range(first, last):
        for i in range(layer.below.shape[1]):
            layer.below[image, i] = np.float32(0)
    inputs, fives = len(layer.weight.value) // len(layer.bias.value), last - (last - first) % 5
    whole = inputs - inputs % (4 * LANES)
    for i in range(0, whole, 4 * LANES):
        _back_four(layer, i, first, fives, last)
    for i in range(whole, inputs, LANES):
        _back_one(layer, i, min(LANES, inputs - i), first, fives, last)


@njit(inline="always")
def _back_four(layer: Any, i: int, first: int, fives: int, last: int) -> None:
    w, delta, below = layer.weight.value, layer.delta.reshape(-1), layer.below.reshape(-1)
    outputs, d_row, b_row = len(layer.bias.value), layer.delta.shape[1], layer.below.shape[1]
    n = len(w) // outputs
    for r in range(0, outputs, NEAR):
        rows = min(NEAR, outputs - r)
        for image in range(first, fives, 5):
            back_5x4(w, r * n + i, n, rows, NEAR, delta, image * d_row + r, d_row,
                     below, image * b_row + i, b_row, LANES)  # fmt: skip
        for image in range(fives, last):
            back_1x4(w, r * n + i, n, rows, NEAR, delta, image * d_row + r, d_row,
                     below, image * b_row + i, b_row, LANES)  # fmt: skip


@njit(inline="always")
def _back_one(layer: Any, i: int, width: int, first: int, fives: int, last: int) -> None:
    w, delta, below = layer.weight.value, layer.delta.reshape(-1), layer.below.reshape(-1)
    outputs, d_row, b_row = len(layer.bias.value), layer.delta.shape[1], layer.below.shape[1]
    n = len(w) // outputs
    for r in range(0, outputs, NEAR):
        rows = min(NEAR, outputs - r)
        for image in range(first, fives, 5):
            back_5x1(w, r * n + i, n, rows, NEAR, delta, image * d_row + r, d_row,
                     below, image * b_row + i, b_row, width)  # fmt: skip
        for image in range(fives, last):
            back_1x1(w, r * n + i, n, rows, NEAR, delta, image * d_row + r, d_row,
                     below, image * b_row + i, b_row, width)  # fmt: skip


@inner
def where_lit(out: Any, delta: Any, first: int, last: int) -> None:
    """Through ReLU: no gradient where nothing came out."""
    for image in range(first, last):
        for i in range(out.shape[1]):
            if not out[image, i] > 0:
                delta[image, i] = np.float32(0)


@inner
def update(layer: Any, rank: int, ranks: int, images: int, scratch: Any, lr: float, step: float) -> None:
    """Eight rows and 32 inputs at a time: their gradient is used where it is summed, in registers."""
    outputs = len(layer.bias.value)
    groups = -(-outputs // ROWS)
    first, last = groups * rank // ranks * ROWS, min(outputs, groups * (rank + 1) // ranks * ROWS)
    rate, root = rates(lr, step)
    whole = first + (last - first) // ROWS * ROWS
    for r in range(first, whole, ROWS):
        _learn_eight(layer, r, images, rate, root)
    for r in range(whole, last):
        _learn_one(layer, r, images, rate, root)
    delta, row = layer.delta.reshape(-1), layer.delta.shape[1]
    for r in range(first, last, LANES):
        sums_of_rows(delta, r, row, images, scratch, 0)
        adam(layer.bias, r, scratch, min(LANES, last - r), lr, step)


@njit(inline="always")
def _learn_eight(layer: Any, r: int, images: int, rate: Any, root: Any) -> None:
    delta, d_row, x, x_row = (
        layer.delta.reshape(-1),
        layer.delta.shape[1],
        layer.seen.reshape(-1),
        layer.seen.shape[1],
    )
    w = layer.weight
    n = len(w.value) // len(layer.bias.value)
    whole = n - n % (2 * LANES)
    for i in range(0, whole, 2 * LANES):
        learn_8x2(
            delta, r, d_row, x, i, x_row, images, w.value, w.mean, w.square, r * n + i, n, LANES, rate, root
        )
    for i in range(whole, n, LANES):
        learn_8x1(
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
            min(LANES, n - i),
            rate,
            root,
        )


@njit(inline="always")
def _learn_one(layer: Any, r: int, images: int, rate: Any, root: Any) -> None:
    delta, d_row, x, x_row = (
        layer.delta.reshape(-1),
        layer.delta.shape[1],
        layer.seen.reshape(-1),
        layer.seen.shape[1],
    )
    w = layer.weight
    n = len(w.value) // len(layer.bias.value)
    whole = n - n % (2 * LANES)
    for i in range(0, whole, 2 * LANES):
        learn_1x2(
            delta, r, d_row, x, i, x_row, images, w.value, w.mean, w.square, r * n + i, n, LANES, rate, root
        )
    for i in range(whole, n, LANES):
        learn_1x1(
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
            min(LANES, n - i),
            rate,
            root,
        )
