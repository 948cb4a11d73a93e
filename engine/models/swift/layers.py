"""The arrays of a layer: its parameters with Adam's two moments, and what is kept from forward to backward.

`blocks` counts groups of sixteen images; everything but `rows` has the sixteen innermost. Plain tuples of
arrays: compiled code takes them apart at no cost.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.models.swift.vector import LANES

Floats = NDArray[np.float32]
PADDING = 2
FILTERS = 5
TAPS = 25
ALIGNMENT = 64


class Parameter(NamedTuple):
    """Flat views of memory that somebody else owns too."""

    value: Floats
    mean: Floats
    square: Floats


class Conv(NamedTuple):
    """5x5, padded by 2, pooled 2x2, ReLU. `padded` (blocks, C, S + 4, S + 4, 16) is what it sees."""

    weight: Parameter
    bias: Parameter
    padded: Floats
    codes: NDArray[np.int8]
    of_weight: Floats
    of_bias: Floats
    spread: Floats
    below: Floats


class Dense(NamedTuple):
    """`seen` (blocks, I, 16) and `rows` (blocks * 16, I) are the same numbers twice; `out`, `delta`
    (blocks, O, 16) are the result and its gradient, `below` (blocks, I, 16) the gradient of `seen`."""

    weight: Parameter
    bias: Parameter
    seen: Floats
    rows: Floats
    out: Floats
    delta: Floats
    below: Floats
    zeros: Floats


def zeros(*shape: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Aligned to a cache line, so that no vector crosses one."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    made: NDArray[Any] = raw[start : start + size].view(dtype).reshape(shape)
    return made


def conv(weight: Parameter, bias: Parameter, blocks: int, channels: int, side: int, ranks: int) -> Conv:
    wide, half = side + 2 * PADDING, side // 2
    return Conv(
        weight,
        bias,
        padded=zeros(blocks, channels, wide, wide, LANES),
        codes=zeros(blocks, FILTERS, half, half, LANES, dtype=np.int8),
        of_weight=zeros(blocks, FILTERS * channels * TAPS, LANES),
        of_bias=zeros(blocks, FILTERS, LANES),
        spread=zeros(ranks, FILTERS, wide, wide, LANES),
        below=zeros(ranks, channels * side * side * LANES),
    )


def dense(weight: Parameter, bias: Parameter, blocks: int, inputs: int, outputs: int, seen: Floats | None,
          below: Floats | None) -> Dense:  # fmt: skip
    """`seen` and `below` are the `out` and `delta` of the layer beneath, where there is one."""
    return Dense(
        weight,
        bias,
        zeros(blocks, inputs, LANES) if seen is None else seen,
        zeros(blocks * LANES, inputs),
        zeros(blocks, outputs, LANES),
        zeros(blocks, outputs, LANES),
        zeros(blocks, inputs, LANES) if below is None else below,
        zeros(max(inputs, outputs)),
    )
