"""A convolution with pooling and ReLU, forward and backward, one block of sixteen images at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.mnist_kernels.adam import adam
from engine.models.mnist_kernels.filters import fields, pooled, spread, taps
from engine.models.mnist_kernels.layers import FILTERS, PADDING, TAPS
from engine.models.mnist_kernels.vector import LANES, inner

INSIDE = PADDING * LANES


@inner
def forward(conv: Any, block: int, out: Any, out_at: int, out_row: int, out_plane: int) -> None:
    """Into `out`, flat, where a pooled row is `out_row` and a filter `out_plane` floats long."""
    _, channels, wide, _ = conv.padded.shape[:4]
    row, plane = wide * LANES, wide * wide * LANES
    half = conv.codes.shape[2]
    code_plane = half * half * LANES
    for y in range(half):
        for x in range(half):
            pooled(
                conv.padded, block * channels * plane + 2 * y * row + 2 * x * LANES, row, plane, channels,
                conv.weight.value, conv.bias.value, out, out_at + y * out_row + x * LANES, out_plane,
                conv.codes, (block * FILTERS * half + y) * half * LANES + x * LANES, code_plane,
            )  # fmt: skip


@inner
def backward(conv: Any, block: int, rank: int, gradient: Any, at: int, is_first: bool) -> None:
    """From the gradient of the pooled pixels, flat from `at`, to that of weights, bias, and pixels below."""
    _, channels, wide, _ = conv.padded.shape[:4]
    row, plane = wide * LANES, wide * wide * LANES
    side, half = wide - 2 * PADDING, conv.codes.shape[2]
    pooled_plane = half * half * LANES
    for k in range(FILTERS):
        inner = (rank * FILTERS + k) * plane + PADDING * row + INSIDE
        spread(
            gradient, at + k * pooled_plane, conv.codes, (block * FILTERS + k) * pooled_plane, half, half,
            conv.spread, inner, row, conv.of_bias, (block * FILTERS + k) * LANES,
        )  # fmt: skip
        for channel in range(channels):
            taps(
                conv.padded, (block * channels + channel) * plane, row, conv.spread,
                inner, row, half, half,
                conv.of_weight, ((block * FILTERS + k) * channels + channel) * TAPS * LANES,
            )  # fmt: skip
    if not is_first:
        pixels = side * side * LANES
        for y in range(half):
            for x in range(half):
                fields(
                    conv.spread, rank * FILTERS * plane + 2 * y * row + 2 * x * LANES, row, plane,
                    conv.weight.value, channels, conv.below,
                    rank * channels * pixels + 2 * (y * side + x) * LANES, side * LANES, pixels,
                )  # fmt: skip


@inner
def update(conv: Any, blocks: int, scratch: Any, lr: float, step: float) -> None:
    """Sum what the blocks found, in their order, and take a step."""
    count = conv.of_weight.shape[1]
    for i in range(count):
        scratch[i] = _sum(conv.of_weight, blocks, i)
    adam(conv.weight, np.int64(0), scratch, count, lr, step)
    for k in range(FILTERS):
        scratch[k] = _sum(conv.of_bias, blocks, k)
    adam(conv.bias, np.int64(0), scratch, np.int64(FILTERS), lr, step)


@njit(inline="always")
def _sum(parts: Any, blocks: int, i: int) -> Any:
    total = np.float32(0)
    for block in range(blocks):
        for lane in range(LANES):
            total += parts[block, i, lane]
    return total
