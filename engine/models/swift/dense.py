"""A dense layer, forward and backward, and its update row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.swift.adam import adam
from engine.models.swift.products import (
    back_1x1,
    back_1x2,
    back_8x1,
    back_8x2,
    outer_1x1,
    outer_1x2,
    outer_8x1,
    outer_8x2,
    tile_1x1,
    tile_1x2,
    tile_8x1,
    tile_8x2,
    turned,
)
from engine.models.swift.vector import LANES, inner

ROWS = 8  # of a tile
NEAR = 96
"""inputs whose gradients are summed at a time"""
FREE = np.float32(-np.inf)


@inner
def forward(layer: Any, first: int, last: int, floor: Any) -> None:
    """Blocks `first` to `last`: out = max(floor, weight @ seen + bias)."""
    w, bias, x, out = layer.weight.value, layer.bias.value, layer.seen, layer.out
    n, outputs = x.shape[1], out.shape[1]
    x_block, out_block = n * LANES, outputs * LANES
    whole, pairs = outputs - outputs % ROWS, last - (last - first) % 2
    for r in range(0, whole, ROWS):
        for block in range(first, pairs, 2):
            tile_8x2(w, r * n, n, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
        for block in range(pairs, last):
            tile_8x1(w, r * n, n, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
    for r in range(whole, outputs):
        for block in range(first, pairs, 2):
            tile_1x2(w, r * n, n, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
        for block in range(pairs, last):
            tile_1x1(w, r * n, n, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip


@inner
def backward(layer: Any, first: int, last: int) -> None:
    """below = weight.T @ delta, some inputs at a time: their sums stay in the nearest cache for all rows."""
    inputs, pairs = layer.seen.shape[1], last - (last - first) % 2
    for block in range(first, last):
        for i in range(inputs):
            for lane in range(LANES):
                layer.below[block, i, lane] = np.float32(0)
    for i in range(0, inputs, NEAR):
        count = min(NEAR, inputs - i)
        for block in range(first, pairs, 2):
            _back_two(layer, i, count, block)
        for block in range(pairs, last):
            _back_one(layer, i, count, block)


@njit(inline="always")
def _back_two(layer: Any, i: int, count: int, block: int) -> None:
    w, delta, below = layer.weight.value, layer.delta, layer.below
    inputs, outputs = layer.seen.shape[1], layer.out.shape[1]
    d_block, block_size = outputs * LANES, inputs * LANES
    at, whole = block * block_size + i * LANES, outputs - outputs % ROWS
    for r in range(0, whole, ROWS):
        back_8x2(w, r * inputs + i, inputs, count, delta, block * d_block + r * LANES, d_block,
                 below, at, block_size)  # fmt: skip
    for r in range(whole, outputs):
        back_1x2(w, r * inputs + i, inputs, count, delta, block * d_block + r * LANES, d_block,
                 below, at, block_size)  # fmt: skip


@njit(inline="always")
def _back_one(layer: Any, i: int, count: int, block: int) -> None:
    w, delta, below = layer.weight.value, layer.delta, layer.below
    inputs, outputs = layer.seen.shape[1], layer.out.shape[1]
    d_block, block_size = outputs * LANES, inputs * LANES
    at, whole = block * block_size + i * LANES, outputs - outputs % ROWS
    for r in range(0, whole, ROWS):
        back_8x1(w, r * inputs + i, inputs, count, delta, block * d_block + r * LANES, d_block,
                 below, at, block_size)  # fmt: skip
    for r in range(whole, outputs):
        back_1x1(w, r * inputs + i, inputs, count, delta, block * d_block + r * LANES, d_block,
                 below, at, block_size)  # fmt: skip


@inner
def to_lanes(rows: Any, lanes: Any, first: int, last: int) -> None:
    """(blocks * 16, I) -> (blocks, I, 16). I is at least 16: the last tile overlaps the one before."""
    inputs = lanes.shape[1]
    for block in range(first, last):
        for i in range(0, inputs, LANES):
            i = min(i, inputs - LANES)
            turned(rows, block * LANES * inputs + i, inputs, lanes, (block * inputs + i) * LANES, LANES)


@inner
def to_rows(lanes: Any, rows: Any, first: int, last: int) -> None:
    inputs = lanes.shape[1]
    for block in range(first, last):
        for i in range(0, inputs, LANES):
            i = min(i, inputs - LANES)
            turned(lanes, (block * inputs + i) * LANES, LANES, rows, block * LANES * inputs + i, inputs)


@inner
def where_lit(out: Any, delta: Any, first: int, last: int) -> None:
    """Through ReLU: no gradient where nothing came out."""
    for block in range(first, last):
        for i in range(out.shape[1]):
            for lane in range(LANES):
                if not out[block, i, lane] > 0:
                    delta[block, i, lane] = np.float32(0)


@inner
def update(layer: Any, rank: int, ranks: int, images: int, scratch: Any, lr: float, step: float) -> None:
    """Eight rows at a time: their gradient is used while it is still at hand, and never leaves the cache."""
    inputs, outputs = layer.seen.shape[1], layer.out.shape[1]
    groups = -(-outputs // ROWS)
    for group in range(groups * rank // ranks, groups * (rank + 1) // ranks):
        first = group * ROWS
        rows = min(ROWS, outputs - first)
        if rows == ROWS:
            _gradient_of_eight(layer, first, images, scratch)
        else:
            for r in range(rows):
                _gradient_of_one(layer, first + r, images, scratch, r * inputs)
        adam(layer.weight, first * inputs, scratch, rows * inputs, lr, step)
        for r in range(rows):
            scratch[r] = _sum(layer.delta, first + r, -(-images // LANES))
        adam(layer.bias, first, scratch, rows, lr, step)


@njit(inline="always")
def _gradient_of_eight(layer: Any, r: int, images: int, out: Any) -> None:
    inputs, outputs = layer.seen.shape[1], layer.out.shape[1]
    whole = inputs - inputs % (2 * LANES)
    for i in range(0, whole, 2 * LANES):
        outer_8x2(layer.delta, r * LANES, outputs * LANES, layer.rows, i, inputs, images, out, i, inputs)
    for i in range(whole, inputs, LANES):
        i = min(i, inputs - LANES)
        outer_8x1(layer.delta, r * LANES, outputs * LANES, layer.rows, i, inputs, images, out, i, inputs)


@njit(inline="always")
def _gradient_of_one(layer: Any, r: int, images: int, out: Any, at: int) -> None:
    inputs, outputs = layer.seen.shape[1], layer.out.shape[1]
    whole = inputs - inputs % (2 * LANES)
    for i in range(0, whole, 2 * LANES):
        outer_1x2(layer.delta, r * LANES, outputs * LANES, layer.rows, i, inputs, images, out, at + i, inputs)
    for i in range(whole, inputs, LANES):
        i = min(i, inputs - LANES)
        outer_1x1(layer.delta, r * LANES, outputs * LANES, layer.rows, i, inputs, images, out, at + i, inputs)


@njit(inline="always")
def _sum(delta: Any, r: int, blocks: int) -> Any:
    total = np.float32(0)
    for block in range(blocks):
        for lane in range(LANES):
            total += delta[block, r, lane]
    return total
