"""A dense layer, forward and backward, and its update.

Images are rows. Weights go through once in the forward pass and once more for both gradients and Adam, by
panels of 64 lines, in whose place in the nearest cache they serve all images. Threads share a pass by columns
of what it makes, so each weight and sum is one thread's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.models.mnist_kernels.adam import adam, ask_line, rates, stretch
from engine.models.mnist_kernels.listed import SEGMENT, WIDTH, add_entries, list_columns
from engine.models.mnist_kernels.products import (
    blend_1x1,
    blend_1x4,
    blend_5x1,
    blend_5x4,
    copy_line,
    sums_of_rows,
)
from engine.models.mnist_kernels.transpose import turned, turned_few
from engine.models.mnist_kernels.vector import LANES, inner

FOUR = 4 * LANES
ZERO = np.float32(0)
NONE: Any = np.int64(0)
NARROW: Any = np.int64(FOUR)
WIDE: Any = np.int64(WIDTH)
"""Numba compiles a function once more for each constant that stands in a call; for these it does not."""
AHEAD = 4
"""rows whose moments Adam asks for before it comes to them"""


@inner
def forward(layer: Any, rank: int, ranks: int, images: int, panel: Any) -> None:
    """out = weight @ seen + bias, of the thread's share of outputs, for all images."""
    outputs = len(layer.bias.value)
    groups = -(-outputs // FOUR)
    for group in range(groups * rank // ranks, groups * (rank + 1) // ranks):
        _forward(layer, NONE, images, group * FOUR, min(outputs, group * FOUR + FOUR), panel)


@inner
def forward_all(layer: Any, first: int, last: int, panel: Any) -> None:
    """The same of all outputs, for images `first` to `last`."""
    outputs = len(layer.bias.value)
    for r in range(0, outputs, FOUR):
        _forward(layer, first, last, r, min(outputs, r + FOUR), panel)


@inner
def _forward(layer: Any, first: int, last: int, r: int, end: int, panel: Any) -> None:
    inputs = len(layer.weight.value) // len(layer.bias.value)
    for image in range(first, last):
        for k in range(r, end):
            layer.out[image, k] = layer.bias.value[k]
    for start in range(0, inputs, SEGMENT):
        count = min(SEGMENT, inputs - start)
        _turn_weights(layer.weight.value, inputs, r, end, start, count, panel)
        _blend(panel, NARROW, count, layer.seen, start, first, last, layer.out, r, end - r)


@inner
def _turn_weights(w: Any, inputs: int, first: int, last: int, start: int, count: int, panel: Any) -> None:
    """Rows `first` to `last` become columns of the panel, for `count` inputs."""
    for i in range(0, count, LANES):
        for r in range(first, last, LANES):
            at, to = r * inputs + start + i, i * FOUR + r - first
            if last - r < LANES:
                turned_few(w, at, inputs, last - r, panel, to, FOUR, LANES)
            else:
                turned(w, at, inputs, SEGMENT, panel, to, FOUR, LANES)


@inner
def _blend(panel: Any, panel_row: int, count: int, rows: Any, at: int, first: int, last: int, sums: Any,
           to: int, width: int) -> None:  # fmt: skip
    """sums[image, `to` + i] += sum over `count` k of rows[image, `at` + k] * panel[k, i], for `width` i and
    what is left of the last sixteen, for images `first` to `last`."""
    x, row, out, out_row = rows.reshape(-1), rows.shape[1], sums.reshape(-1), sums.shape[1]
    fives, fours = last - (last - first) % 5, -(-width // LANES) // 4 * FOUR
    for i in range(0, fours, FOUR):
        for image in range(first, fives, 5):
            x_at, out_at = image * row + at, image * out_row + to + i
            blend_5x4(panel, i, panel_row, count, x, x_at, row, out, out_at, out_row)
        for image in range(fives, last):
            x_at, out_at = image * row + at, image * out_row + to + i
            blend_1x4(panel, i, panel_row, count, x, x_at, row, out, out_at, out_row)
    for i in range(fours, width, LANES):
        for image in range(first, fives, 5):
            x_at, out_at = image * row + at, image * out_row + to + i
            blend_5x1(panel, i, panel_row, count, x, x_at, row, out, out_at, out_row)
        for image in range(fives, last):
            x_at, out_at = image * row + at, image * out_row + to + i
            blend_1x1(panel, i, panel_row, count, x, x_at, row, out, out_at, out_row)


@inner
def light(layer: Any, first: int, last: int) -> None:
    """ReLU on what came out."""
    for image in range(first, last):
        for i in range(len(layer.bias.value)):
            if layer.out[image, i] < 0:
                layer.out[image, i] = ZERO


@inner
def where_lit(layer: Any, first: int, last: int) -> None:
    """Back through ReLU: no gradient where nothing came out."""
    for image in range(first, last):
        for i in range(len(layer.bias.value)):
            if not layer.out[image, i] > 0:
                layer.delta[image, i] = ZERO


@inner
def backward(layer: Any, first: int, last: int, panel: Any) -> None:
    """below = delta @ weight, of images `first` to `last`."""
    for i in range(0, len(layer.weight.value) // len(layer.bias.value), WIDTH):
        _blank(layer.below, first, last, i)
        for r in range(0, len(layer.bias.value), SEGMENT):
            _back(layer, layer.below, NONE, first, last, r, len(layer.bias.value), i, panel)


@inner
def list_rows(layer: Any, rank: int, ranks: int, images: int, square: Any) -> None:
    """Which images have a gradient, for the thread's share of outputs."""
    rows = len(layer.bias.value)
    squares = -(-rows // LANES)
    first, last = squares * rank // ranks * LANES, min(rows, squares * (rank + 1) // ranks * LANES)
    list_columns(layer.delta, images, first, last, square, layer.by_row)


@inner
def update(layer: Any, rank: int, ranks: int, images: int, goes_below: bool, panel: Any, sums: Any, lr: float,
           step: float) -> None:  # fmt: skip
    """A step of Adam on the thread's share of the weights; if asked, what goes below is found on the way:
    of the first half of the outputs, and of the second."""
    outputs = len(layer.bias.value)
    chunks = -(-(len(layer.weight.value) // outputs) // WIDTH)
    halves = 2 if outputs > SEGMENT else 1
    middle = -(-outputs // (halves * LANES)) * LANES
    start, end = halves * chunks * rank // ranks, halves * chunks * (rank + 1) // ranks
    rate, root = rates(lr, step)
    for half in range(halves):
        first, last = max(0, start - half * chunks), min(chunks, end - half * chunks)
        for r in range(half * middle, min(outputs, half * middle + middle), SEGMENT):
            until = min(outputs, half * middle + middle, r + SEGMENT)
            for chunk in range(first, last):
                if goes_below:
                    if r == half * middle:
                        _blank(layer.halves, half * images, half * images + images, chunk * WIDTH)
                    _back(layer, layer.halves, half * images, NONE, images, r, until, chunk * WIDTH, panel)
                _learn(layer, images, r, until, chunk * WIDTH, sums, rate, root)
    if rank == ranks - 1:
        _update_bias(layer, images, sums, lr, step)


@inner
def gather_below(layer: Any, first: int, last: int, images: int) -> None:
    """What goes below, of both halves."""
    second = images if len(layer.bias.value) > SEGMENT else 0
    for image in range(first, last):
        for i in range(layer.below.shape[1]):
            total = layer.halves[image, i]
            if second:
                total += layer.halves[second + image, i]
            layer.below[image, i] = total


@inner
def _blank(rows: Any, first: int, last: int, start: int) -> None:
    for image in range(first, last):
        for i in range(start, start + WIDTH):
            rows[image, i] = ZERO


@inner
def _back(layer: Any, sums: Any, base: int, first: int, last: int, r: int, end: int, i: int,
          panel: Any) -> None:  # fmt: skip
    """Add what up to 64 rows of weights from `r` on give to 128 inputs from `i` on; the sums of the first
    image are in row `base`."""
    inputs, count = len(layer.weight.value) // len(layer.bias.value), min(SEGMENT, end - r)
    for k in range(count):
        copy_line(layer.weight.value, (r + k) * inputs + i, inputs - i, panel, k * WIDTH)
    width = min(WIDTH, -(-(inputs - i) // FOUR) * FOUR)
    _blend(panel, WIDE, count, layer.delta, r, first, last, sums, base * sums.shape[1] + i, width)


@inner
def _learn(layer: Any, images: int, r: int, end: int, i: int, sums: Any, rate: Any, root: Any) -> None:
    """The gradient of a row of weights stays in the nearest cache until Adam has used it, while the rows to
    come are asked for."""
    row, seen, listed = layer.seen.shape[1], layer.seen.reshape(-1), layer.by_row
    inputs = len(layer.weight.value) // len(layer.bias.value)
    values, places, line = listed.values.reshape(-1), listed.places.reshape(-1), listed.values.shape[1]
    width = min(WIDTH, inputs - i)
    for k in range(r, end):
        at = k * inputs + i
        ask_line(layer.weight, at + WIDTH, at + AHEAD * inputs)
        copy_line(sums, 0, 0, sums, 0)
        for segment in range(-(-images // SEGMENT)):
            start, count = segment * SEGMENT, np.int64(listed.counts[k, segment])
            add_entries(values, places, k * line + start, count, seen, start * row + i, row, sums, 0)
        stretch(layer.weight, at, sums, width, rate, root)


@njit(inline="always")
def _update_bias(layer: Any, images: int, sums: Any, lr: float, step: float) -> None:
    delta, row, outputs = layer.delta.reshape(-1), layer.delta.shape[1], len(layer.bias.value)
    for r in range(0, outputs, LANES):
        sums_of_rows(delta, r, row, images, sums, 0)
        adam(layer.bias, r, sums, min(LANES, outputs - r), lr, step)
