"""The arrays of a layer: its parameters with Adam's two moments, and what is kept from forward to backward.

`blocks` counts groups of up to sixteen images, which lie innermost in a convolution. To a dense layer an
image is a row; rows end on a multiple of sixteen, with zeros. Plain tuples of arrays: compiled code takes
them apart at no cost.
"""

from __future__ import annotations

import contextlib
import mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.models.mnist_kernels.listed import SEGMENT, WIDTH, Listed
from engine.models.mnist_kernels.vector import LANES

Floats = NDArray[np.float32]
PADDING = 2
FILTERS = 5
TAPS = 25
ALIGNMENT = 64
LARGE = 2 << 20


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


class DenseArrays(NamedTuple):
    """`seen` (rows, I), `out` and its gradient `delta` (rows, O), and `below`, the gradient of `seen`.

    `halves` has what goes below of the first half of outputs, and of the second. `by_row` lists what of
    `delta` is not 0 for each output.
    """

    weight: Parameter
    bias: Parameter
    seen: Floats
    out: Floats
    delta: Floats
    below: Floats
    halves: Floats
    by_row: Listed


def zeros(*shape: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Aligned to a cache line, with room for a vector behind the end; from 1 MB on in large pages, where
    there are any: the weights of a dense layer fill a thousand small ones, more than a processor keeps in
    mind."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = _large(size) if size >= LARGE // 2 else np.zeros(size + 2 * ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % (LARGE if size >= LARGE // 2 else ALIGNMENT)
    made: NDArray[Any] = raw[start : start + size].view(dtype).reshape(shape)
    return made


def _large(size: int) -> NDArray[np.uint8]:
    memory = mmap.mmap(-1, -(-size // LARGE) * LARGE + LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):  # a kernel that knows no large pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.uint8)


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


def dense(weight: Parameter, bias: Parameter, images: int, inputs: int, outputs: int, seen: Floats | None,
          below: Floats | None) -> DenseArrays:  # fmt: skip
    """`seen` and `below` are the `out` and `delta` of the layer beneath, where there is one."""
    return DenseArrays(
        weight,
        bias,
        rows(images, inputs) if seen is None else seen,
        rows(images, outputs),
        rows(images, outputs),
        rows(images, inputs) if below is None else below,
        rows(2 * images, inputs),
        listed(outputs, images),
    )


def rows(images: int, features: int) -> Floats:
    """Room for those that read sixteen images or 128 features at a time; rows do not lie a page apart, where
    they would drive each other out of a cache."""
    return zeros(images + LANES, -(-features // WIDTH) * WIDTH + LANES)


def listed(lines: int, places: int) -> Listed:
    """With room for those that write sixteen at a time."""
    segments = -(-places // SEGMENT)
    return Listed(
        zeros(lines, segments * SEGMENT),
        zeros(lines, segments * SEGMENT, dtype=np.int32),
        zeros(lines, segments, dtype=np.int32),
    )
