"""One step of training, the whole of it in compiled code: each thread does its share, and they meet twice.

The images are shared out by blocks of sixteen, the weights by rows. Whoever does a share, each number is
summed in the same order: the result has the same bits with one thread and with many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.models.swift import convolution, dense
from engine.models.swift.barrier import meet
from engine.models.swift.layers import FILTERS, PADDING, Floats
from engine.models.swift.softmax import cross_entropy
from engine.models.swift.vector import LANES, inner

ZERO = np.float32(0)
LEAVE, STEP, IMAGES, CONVS, DENSES, DROPS = 0, 1, 2, 3, 4, 5
"""places in Batch.facts"""


class Batch(NamedTuple):
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
    """(blocks * 16, side * side): the pixels of the batch"""
    lanes: Floats
    """(blocks, side * side, 16): the same"""
    kept: Floats
    """(blocks * 16, I): 1 or 0 for each input that dropout keeps or drops"""
    kept_lanes: Floats
    scratch: Floats
    """(ranks, ...)"""
    barrier: NDArray[np.int64]


@njit(cache=True, nogil=True)
def work(rank: int, ranks: int, batch: Batch, convs: Any, denses: Any) -> float:
    """The first of `ranks` threads does a step and returns its mean loss; the others do step after step,
    until they are dismissed."""
    while True:
        meet(batch.barrier, ranks)
        if batch.facts[LEAVE]:
            return 0.0
        _share(rank, ranks, batch, convs, denses)
        if rank == 0:
            return _mean(batch.losses, batch.facts[IMAGES])


@njit(inline="always")
def _mean(losses: Any, images: int) -> float:
    total = 0.0
    for image in range(images):
        total += losses[image]
    return total / images


@njit(cache=True, nogil=True)
def dismiss(ranks: int, batch: Batch) -> None:
    batch.facts[LEAVE] = 1
    meet(batch.barrier, ranks)


@njit(inline="always")
def _share(rank: int, ranks: int, batch: Batch, convs: Any, denses: Any) -> None:
    images, step, lr = batch.facts[IMAGES], float(batch.facts[STEP]), batch.lr[0]
    blocks = -(-images // LANES)
    first, last = blocks * rank // ranks, blocks * (rank + 1) // ranks
    _gather(batch, first, last, images)
    _gradients(rank, batch, convs, denses, first, last, images)
    meet(batch.barrier, ranks)
    scratch = batch.scratch[rank]
    for layer in range(batch.facts[DENSES]):
        dense.update(denses[layer], rank, ranks, images, scratch, lr, step)
    if rank == ranks - 1:
        for layer in range(batch.facts[CONVS]):
            convolution.update(convs[layer], blocks, scratch, lr, step)
    meet(batch.barrier, ranks)


@njit(inline="always")
def _gather(batch: Batch, first: int, last: int, images: int) -> None:
    for image in range(first * LANES, min(last * LANES, images)):
        found = batch.chosen[image]
        batch.labels[image] = batch.all_labels[found]
        for pixel in range(batch.pixels.shape[1]):
            batch.rows[image, pixel] = batch.pixels[found, pixel]


@njit(inline="always")
def _gradients(rank: int, batch: Batch, convs: Any, denses: Any, first: int, last: int, images: int) -> None:
    dense.to_lanes(batch.rows, batch.lanes, first, last)
    _see(batch, convs, denses, first, last)
    top = batch.facts[DENSES] - 1
    for layer in range(top):
        dense.forward(denses[layer], first, last, ZERO)
        dense.to_rows(denses[layer].out, denses[layer + 1].rows, first, last)
    dense.forward(denses[top], first, last, dense.FREE)
    for block in range(first, last):
        cross_entropy(denses[top].out, denses[top].delta, block, batch.labels, images, batch.losses)
    for layer in range(top, 0, -1):
        dense.backward(denses[layer], first, last)
        dense.where_lit(denses[layer].seen, denses[layer].below, first, last)
    _look_back(rank, batch, convs, denses, first, last)


@njit(inline="always")
def _see(batch: Batch, convs: Any, denses: Any, first: int, last: int) -> None:
    """Through the convolutions, if there are any, to what the first dense layer sees."""
    count = batch.facts[CONVS]
    if count == 0:
        return
    for block in range(first, last):
        _frame(batch.lanes, convs[0].padded, block)
        for layer in range(count - 1):
            _into_conv(convs[layer], convs[layer + 1], block)
        half = convs[count - 1].codes.shape[2]
        out = denses[0].seen.reshape(-1)
        plane = half * half * LANES
        convolution.forward(convs[count - 1], block, out, block * FILTERS * plane, half * LANES, plane)
    if batch.facts[DROPS]:
        dense.to_lanes(batch.kept, batch.kept_lanes, first, last)
        _drop(denses[0].seen, batch.kept_lanes, first, last)
    dense.to_rows(denses[0].seen, denses[0].rows, first, last)


@njit(inline="always")
def _look_back(rank: int, batch: Batch, convs: Any, denses: Any, first: int, last: int) -> None:
    count = batch.facts[CONVS]
    if count == 0:
        return
    dense.backward(denses[0], first, last)
    if batch.facts[DROPS]:
        _drop(denses[0].below, batch.kept_lanes, first, last)
    for block in range(first, last):
        gradient, at = denses[0].below.reshape(-1), block * denses[0].seen.shape[1] * LANES
        for layer in range(count - 1, -1, -1):
            convolution.backward(convs[layer], block, rank, gradient, at, layer == 0)
            gradient, at = convs[layer].below.reshape(-1), rank * convs[layer].below.shape[1]


@inner
def _frame(lanes: Any, padded: Any, block: int) -> None:
    side = padded.shape[2] - 2 * PADDING
    for y in range(side):
        for x in range(side):
            for lane in range(LANES):
                padded[block, 0, y + PADDING, x + PADDING, lane] = lanes[block, y * side + x, lane]


@njit(inline="always")
def _into_conv(conv: Any, above: Any, block: int) -> None:
    wide = above.padded.shape[2]
    row, plane = wide * LANES, wide * wide * LANES
    start = block * FILTERS * plane + PADDING * (row + LANES)
    convolution.forward(conv, block, above.padded.reshape(-1), start, row, plane)


@inner
def _drop(numbers: Any, kept: Any, first: int, last: int) -> None:
    for block in range(first, last):
        for i in range(numbers.shape[1]):
            for lane in range(LANES):
                numbers[block, i, lane] *= np.float32(2) * kept[block, i, lane]
