"""A dense layer, forward and backward, and its update row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.swift.adam import adam
from engine.models.swift.products import (
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
from engine.models.swift.vector import LANES

ROWS = 8  # of a tile
FREE = np.float32(-np.inf)


@njit(inline="always")
def forward(layer: Any, first: int, last: int, floor: Any) -> None:
    """Blocks `first` to `last`: out = max(floor, weight @ seen + bias)."""
    inputs = layer.seen.shape[1]
    _multiply(layer.weight.value, inputs, 1, layer.bias.value, layer.seen, layer.out, first, last, floor)


@njit(inline="always")
def backward(layer: Any, first: int, last: int) -> None:
    """below = weight.T @ delta."""
    inputs = layer.seen.shape[1]
    _multiply(layer.weight.value, 1, inputs, layer.zeros, layer.delta, layer.below, first, last, FREE)


@njit(cache=True, nogil=True)
def _multiply(w: Any, w_out: int, w_in: int, bias: Any, x: Any, out: Any, first: int, last: int,
              floor: Any) -> None:  # fmt: skip
    inputs, outputs = x.shape[1], out.shape[1]
    x_block, out_block = inputs * LANES, outputs * LANES
    whole = outputs - outputs % ROWS
    pairs = last - (last - first) % 2
    for r in range(0, whole, ROWS):
        for block in range(first, pairs, 2):
            tile_8x2(w, r * w_out, w_out, w_in, inputs, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
        for block in range(pairs, last):
            tile_8x1(w, r * w_out, w_out, w_in, inputs, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
    for r in range(whole, outputs):
        for block in range(first, pairs, 2):
            tile_1x2(w, r * w_out, w_out, w_in, inputs, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip
        for block in range(pairs, last):
            tile_1x1(w, r * w_out, w_out, w_in, inputs, bias, r, x, block * x_block, x_block,
                     out, block * out_block + r * LANES, out_block, floor)  # fmt: skip


@njit(cache=True, nogil=True)
def to_lanes(rows: Any, lanes: Any, first: int, last: int) -> None:
    """(blocks * 16, I) -> (blocks, I, 16). I is at least 16: the last tile overlaps the one before."""
    inputs = lanes.shape[1]
    for block in range(first, last):
        for i in range(0, inputs, LANES):
            i = min(i, inputs - LANES)
            turned(rows, block * LANES * inputs + i, inputs, lanes, (block * inputs + i) * LANES, LANES)


@njit(cache=True, nogil=True)
def to_rows(lanes: Any, rows: Any, first: int, last: int) -> None:
    inputs = lanes.shape[1]
    for block in range(first, last):
        for i in range(0, inputs, LANES):
            i = min(i, inputs - LANES)
            turned(lanes, (block * inputs + i) * LANES, LANES, rows, block * LANES * inputs + i, inputs)


@njit(cache=True, nogil=True)
def where_lit(out: Any, delta: Any, first: int, last: int) -> None:
    """Through ReLU: no gradient where nothing came out."""
    for block in range(first, last):
        for i in range(out.shape[1]):
            for lane in range(LANES):
                if not out[block, i, lane] > 0:
                    delta[block, i, lane] = np.float32(0)


@njit(cache=True, nogil=True)
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
