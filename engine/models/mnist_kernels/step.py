"""One step of training, the whole of it in compiled code: each thread does its share, and they meet between.

The images are shared out by blocks of up to sixteen, all about as large and even in number, so that two
threads have the same work; the weights of large layers by columns of what is made with them, so that no
weight goes to two threads; those of small ones by rows, and only in the update. Whoever does a share, each
number is summed in the same order: the result has the same bits with one thread and with many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.models.mnist_kernels import convolution, dense, near
from engine.models.mnist_kernels.barrier import meet
from engine.models.mnist_kernels.denormals import FLUSHED, mode, set_mode
from engine.models.mnist_kernels.dropout import drop
from engine.models.mnist_kernels.layers import FILTERS, PADDING, Floats
from engine.models.mnist_kernels.softmax import cross_entropy
from engine.models.mnist_kernels.transpose import to_lanes, to_rows
from engine.models.mnist_kernels.vector import LANES, inner

NO: Any = np.bool_(False)
LEAVE, STEP, IMAGES, CONVS, DENSES, DROPS, SEED, NEAR = 0, 1, 2, 3, 4, 5, 6, 7
"""places in Batch.facts"""


class KernelBatch(NamedTuple):
    """What changes from step to step, and room to work in."""

    pixels: Floats
    """(N, side * side), the whole set"""
    all_labels: NDArray[np.int64]
    chosen: NDArray[np.int64]
    facts: NDArray[np.int64]
    lr: NDArray[np.float64]
    labels: NDArray[np.int64]
    losses: Floats
    rows: Floats
    """(rows, side * side): the pixels of the batch"""
    lanes: Floats
    """(ranks, side * side * 16): those of a block"""
    upper: Floats
    """(ranks, I * 16): what comes out of the convolutions for a block, or its gradient"""
    panels: Floats
    scratch: Floats
    """(ranks, ...)"""
    barrier: NDArray[np.int64]


@njit(cache=True, nogil=True)
def work(rank: int, ranks: int, batch: KernelBatch, convs: Any, denses: Any) -> float:
    """The first of `ranks` threads does a step and returns its mean loss; the others do step after step,
    until they are dismissed. Numbers below 1.2e-38 count as zero meanwhile."""
    before = mode()
    set_mode(before | FLUSHED)
    while True:
        meet(batch.barrier, ranks)
        if batch.facts[LEAVE]:
            return 0.0
        _share(rank, ranks, batch, convs, denses)
        if rank == 0:
            set_mode(before)
            return _mean(batch.losses, batch.facts[IMAGES])


@njit(inline="always")
def _mean(losses: Any, images: int) -> float:
    total = 0.0
    for image in range(images):
        total += losses[image]
    return total / images


@njit(cache=True, nogil=True)
def dismiss(ranks: int, batch: KernelBatch) -> None:
    batch.facts[LEAVE] = 1
    meet(batch.barrier, ranks)


@njit(inline="always")
def blocks_of(images: int) -> int:
    blocks = -(-images // LANES)
    return blocks if blocks == 1 else blocks + blocks % 2


@njit(inline="always")
def _share(rank: int, ranks: int, batch: KernelBatch, convs: Any, denses: Any) -> None:
    images, top = batch.facts[IMAGES], batch.facts[DENSES] - 1
    blocks = blocks_of(images)
    start, end = blocks * rank // ranks, blocks * (rank + 1) // ranks
    first, last = images * start // blocks, images * end // blocks
    _gather(batch, first, last)
    if batch.facts[CONVS]:
        for block in range(start, end):
            _see(rank, batch, convs, denses[0].seen, block, blocks, images)
        _drop(batch, denses[0].seen, first, last)
    if batch.facts[NEAR]:
        for layer in range(top):
            near.forward(denses[layer], first, last, near.ZERO)
    else:
        _forward(rank, ranks, batch, denses, first, last, images)
    _top(rank, batch, denses[top], first, last, images)
    if batch.facts[NEAR]:
        _back_near(rank, ranks, batch, denses, first, last, images)
    else:
        _back(rank, ranks, batch, denses, first, last, images)
    if batch.facts[CONVS]:
        _drop(batch, denses[0].below, first, last)
        for block in range(start, end):
            _look_back(rank, batch, convs, denses[0].below, block, blocks, images)
        meet(batch.barrier, ranks)
    if rank == 0:
        for layer in range(batch.facts[CONVS]):
            convolution.update(convs[layer], blocks, batch.scratch[0], batch.lr[0], float(batch.facts[STEP]))


@njit(inline="always")
def _forward(
    rank: int, ranks: int, batch: KernelBatch, denses: Any, first: int, last: int, images: int
) -> None:
    for layer in range(batch.facts[DENSES] - 1):
        meet(batch.barrier, ranks)
        dense.forward(denses[layer], rank, ranks, images, batch.panels[rank])
        meet(batch.barrier, ranks)
        dense.light(denses[layer], first, last)


@inner
def _top(rank: int, batch: KernelBatch, layer: Any, first: int, last: int, images: int) -> None:
    """Of the last layer: losses, and the gradient below it."""
    if batch.facts[NEAR]:
        near.forward(layer, first, last, near.FREE)
    else:
        dense.forward_all(layer, first, last, batch.panels[rank])
    classes = len(layer.bias.value)
    for image in range(first, last):
        batch.losses[image] = cross_entropy(
            layer.out, layer.delta, image, classes, batch.labels[image], images
        )
    if batch.facts[CONVS] or batch.facts[DENSES] > 1:
        dense.backward(layer, first, last, batch.panels[rank])


@njit(inline="always")
def _back(rank: int, ranks: int, batch: KernelBatch, denses: Any, first: int, last: int, images: int) -> None:
    """Of all layers the gradients and the updates, from the last to the first."""
    top, lr, step = batch.facts[DENSES] - 1, batch.lr[0], float(batch.facts[STEP])
    panel, sums = batch.panels[rank], batch.scratch[rank]
    for layer in range(max(0, top - 1), -1, -1):
        if layer < top:
            dense.where_lit(denses[layer], first, last)
        meet(batch.barrier, ranks)
        if layer >= top - 1:
            dense.list_rows(denses[top], rank, ranks, images, sums)
        if layer < top:
            dense.list_rows(denses[layer], rank, ranks, images, sums)
        meet(batch.barrier, ranks)
        if layer >= top - 1:
            dense.update(denses[top], rank, ranks, images, NO, panel, sums, lr, step)
        goes_below = layer < top and (layer > 0 or batch.facts[CONVS] > 0)
        if layer < top:
            dense.update(denses[layer], rank, ranks, images, goes_below, panel, sums, lr, step)
        meet(batch.barrier, ranks)
        if goes_below:
            dense.gather_below(denses[layer], first, last, images)


@njit(inline="always")
def _back_near(rank: int, ranks: int, batch: KernelBatch, denses: Any, first: int, last: int,
               images: int) -> None:  # fmt: skip
    """The same where all layers are small and nothing lies below them: the threads meet twice."""
    top, sums, lr, step = batch.facts[DENSES] - 1, batch.scratch[rank], batch.lr[0], float(batch.facts[STEP])
    for layer in range(top - 1, -1, -1):
        dense.where_lit(denses[layer], first, last)
        if layer > 0:
            dense.backward(denses[layer], first, last, batch.panels[rank])
    meet(batch.barrier, ranks)
    for layer in range(top + 1):
        share = rank if layer == 0 else ranks - 1 - rank  # who has a row more of one has one less of the next
        near.update(denses[layer], share, ranks, images, sums, lr, step)
    meet(batch.barrier, ranks)


@njit(inline="always")
def _gather(batch: KernelBatch, first: int, last: int) -> None:
    for image in range(first, last):
        found = batch.chosen[image]
        batch.labels[image] = batch.all_labels[found]
        for pixel in range(batch.pixels.shape[1]):
            batch.rows[image, pixel] = batch.pixels[found, pixel]


@njit(inline="always")
def _see(rank: int, batch: KernelBatch, convs: Any, seen: Any, block: int, blocks: int, images: int) -> None:
    """A block of images through the convolutions, to what the first dense layer sees."""
    first, top = images * block // blocks, batch.facts[CONVS] - 1
    lanes, size = batch.lanes.reshape(-1), batch.lanes.shape[1]
    to_lanes(batch.rows, first, lanes, rank * size, size // LANES)
    _frame(lanes, rank * size, convs[0].padded, block)
    for layer in range(top):
        _into_conv(convs[layer], convs[layer + 1], block)
    half = convs[top].codes.shape[2]
    upper, at = batch.upper.reshape(-1), rank * batch.upper.shape[1]
    convolution.forward(convs[top], block, upper, at, half * LANES, half * half * LANES)
    count = images * (block + 1) // blocks - first
    to_rows(upper, at, seen, first, count, batch.upper.shape[1] // LANES)


@njit(inline="always")
def _look_back(
    rank: int, batch: KernelBatch, convs: Any, below: Any, block: int, blocks: int, images: int
) -> None:
    first = images * block // blocks
    gradient, at, size = batch.upper.reshape(-1), rank * batch.upper.shape[1], batch.upper.shape[1]
    to_lanes(below, first, gradient, at, size // LANES)
    _blank(gradient, at, size, images * (block + 1) // blocks - first)
    for layer in range(batch.facts[CONVS] - 1, -1, -1):
        convolution.backward(convs[layer], block, rank, gradient, at, layer == 0)
        gradient, at = convs[layer].below.reshape(-1), rank * convs[layer].below.shape[1]


@inner
def _blank(lanes: Any, at: int, size: int, count: int) -> None:
    """Lanes from `count` on have no image, and no gradient."""
    for i in range(at, at + size, LANES):
        for lane in range(count, LANES):
            lanes[i + lane] = np.float32(0)


@inner
def _frame(lanes: Any, at: int, padded: Any, block: int) -> None:
    side = padded.shape[2] - 2 * PADDING
    for y in range(side):
        for x in range(side):
            for lane in range(LANES):
                padded[block, 0, y + PADDING, x + PADDING, lane] = lanes[at + (y * side + x) * LANES + lane]


@njit(inline="always")
def _into_conv(conv: Any, above: Any, block: int) -> None:
    wide = above.padded.shape[2]
    row, plane = wide * LANES, wide * wide * LANES
    start = block * FILTERS * plane + PADDING * (row + LANES)
    convolution.forward(conv, block, above.padded.reshape(-1), start, row, plane)


@njit(inline="always")
def _drop(batch: KernelBatch, numbers: Any, first: int, last: int) -> None:
    if batch.facts[DROPS]:
        features = batch.upper.shape[1] // LANES
        drop(numbers, first, last, features, batch.facts[SEED], batch.facts[STEP])
