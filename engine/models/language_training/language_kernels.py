"""Loops of a language model in training, compiled by Numba: softmax of a vocabulary, gates of an LSTM.

Logits lie (words, rows): the inner loops go along rows, one word at a time. They are float32 or bfloat16; the
latter come as uint16, the upper half of a float32. Importing this module imports Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import overload

ONE, HALF_ULP = np.float32(1), np.uint32(0x7FFF)
SIXTEEN, LAST_BIT = np.uint32(16), np.uint32(1)
SUMMED = 64
"""numbers that are added in float32 before their sum is added in float64"""

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
compiled_loop: Callable[[F], F] = njit(cache=True, nogil=True, **OPTIONS)
SUMMING: Any = OPTIONS | {"fastmath": {"contract", "nsz", "reassoc"}}
summing_loop: Callable[[F], F] = njit(cache=True, nogil=True, **SUMMING)
"""sums in the order that is fastest on this processor, the same each time"""
inlined_loop: Callable[[F], F] = njit(inline="always", **OPTIONS)
"""as in mnist_kernels: a function of its own has other bits once it comes from the cache"""


def wide(x: Any) -> Any:
    """float32 of a logit."""
    return x


def narrow(x: Any, like: Any) -> Any:
    """A float32 in the form of the logit `like`, rounded to the nearest, to even between two."""
    return x


@overload(wide, inline="always")
def _wide(x: Any) -> Any:
    def of_upper_half(x: Any) -> Any:
        return np.uint32(np.uint32(x) << SIXTEEN).view(np.float32)

    def same(x: Any) -> Any:
        return x

    return of_upper_half if x == types.uint16 else same


@overload(narrow, inline="always")
def _narrow(x: Any, like: Any) -> Any:
    def to_upper_half(x: Any, like: Any) -> Any:
        bits = np.float32(x).view(np.uint32)
        odd = np.uint32(np.uint32(bits >> SIXTEEN) & LAST_BIT)
        return np.uint16(np.uint32(np.uint32(np.uint32(bits + HALF_ULP) + odd) >> SIXTEEN))

    def same(x: Any, like: Any) -> Any:
        return x

    return to_upper_half if like == types.uint16 else same


@inlined_loop
def exponential(x: Any) -> Any:
    """exp of a float32 of 0 or less, within 2e-6 relative (the polynomial of Cephes)."""
    x = np.float32(-87) if x < np.float32(-87) else x
    y = x * np.float32(1.44269504) + np.float32(12582912)  # rounds to a whole number
    k = y - np.float32(12582912)
    r = x - k * np.float32(0.693359375) + k * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + ONE
    return p * np.int32((np.float32(y).view(np.int32) + 127) << 23).view(np.float32)


@inlined_loop
def sigmoid(x: Any) -> Any:
    e = exponential(-abs(x))
    s = ONE / (ONE + e)
    return s if x >= 0 else e * s


@inlined_loop
def tanh(x: Any) -> Any:
    e = exponential(np.float32(-2) * abs(x))
    s = (ONE - e) / (ONE + e)
    return s if x >= 0 else -s


@compiled_loop
def exponentials(z: Any, bias: Any, top: Any, part: Any, total: Any, first: int, last: int) -> None:
    """For the columns from `first` to `last` of logits without bias, z (words, n): `top` their greatest of
    z + bias, `total` their sum of exp(z + bias - top), float64; z becomes these exponentials."""
    greatest, sums, totals = top[first:last], part[first:last], total[first:last]
    greatest[:], sums[:], totals[:] = -np.float32(np.inf), np.float32(0), 0.0
    for v in range(len(z)):
        row, b = z[v, first:last], bias[v]
        for j in range(len(row)):
            x, y = wide(row[j]) + b, greatest[j]
            greatest[j] = x if x > y else y
    for v in range(len(z)):
        row, b = z[v, first:last], bias[v]
        for j in range(len(row)):
            e = exponential(wide(row[j]) + b - greatest[j])
            row[j] = narrow(e, row[j])
            sums[j] += e
        if v % SUMMED == SUMMED - 1 or v == len(z) - 1:
            for j in range(len(row)):
                totals[j] += sums[j]
                sums[j] = np.float32(0)


@summing_loop
def add_weighted_rows(z: Any, weights: Any, sums: Any, first: int, last: int) -> None:
    """Add z @ weights to `sums`, for the words from `first` to `last`."""
    for v in range(first, last):
        row, total = z[v], np.float32(0)
        for j in range(len(row)):
            total += wide(row[j]) * weights[j]
        sums[v] += total


@compiled_loop
def add_rows(z: Any, sums: Any, first: int, last: int) -> None:
    """Add the rows of z from `first` to `last` to those of `sums`."""
    for v in range(first, last):
        row, total = z[v], sums[v]
        for j in range(len(row)):
            total[j] += wide(row[j])


@compiled_loop
def lstm_step(by_state: Any, by_word: Any, words: Any, parents: Any, cells_before: Any, gates: Any,
              cells: Any, bent: Any, out: Any) -> None:  # fmt: skip
    """States (n, H) of one step from those of its parents: their share of the gates' inputs is by_state
    (parents, 4H), that of the words by_word (k, 4H). Gates i, f, g, o; `bent` is the tanh of the cells."""
    h = cells.shape[1]
    for r in range(len(cells)):
        a, b, gate = by_state[parents[r]], by_word[words[r]], gates[r]
        for j in range(len(gate)):
            gate[j] = a[j] + b[j]
        left, right = gate[: 2 * h], gate[3 * h :]
        for j in range(len(left)):
            left[j] = sigmoid(left[j])
        for j in range(len(right)):
            right[j] = sigmoid(right[j])
        i, f, g, o = gate[:h], gate[h : 2 * h], gate[2 * h : 3 * h], gate[3 * h :]
        before, cell, t, made = cells_before[parents[r]], cells[r], bent[r], out[r]
        for j in range(len(cell)):
            g[j] = tanh(g[j])
            cell[j] = f[j] * before[j] + i[j] * g[j]
            t[j] = tanh(cell[j])
            made[j] = o[j] * t[j]


@compiled_loop
def lstm_step_back(d_out: Any, d_cells: Any, words: Any, parents: Any, cells_before: Any, gates: Any,
                   bent: Any, d_by_state: Any, d_by_word: Any, d_cells_before: Any) -> None:  # fmt: skip
    """The gradients of the gates' inputs, left in `gates` and added up by parent and, unless it is empty, by
    word; those of the cells before are added to."""
    h = d_out.shape[1]
    for r in range(len(d_out)):
        gate, above, before, t = gates[r], d_cells_before[parents[r]], cells_before[parents[r]], bent[r]
        i, f, g, o = gate[:h], gate[h : 2 * h], gate[2 * h : 3 * h], gate[3 * h :]
        d_made, d_cell = d_out[r], d_cells[r]
        for j in range(len(d_made)):
            d = d_cell[j] + d_made[j] * o[j] * (ONE - t[j] * t[j])
            d_i, d_f, d_g = d * g[j] * i[j] * (ONE - i[j]), d * before[j] * f[j] * (ONE - f[j]), d * i[j]
            above[j] += d * f[j]
            o[j] = d_made[j] * t[j] * o[j] * (ONE - o[j])
            i[j], f[j], g[j] = d_i, d_f, d_g * (ONE - g[j] * g[j])
        by_parent = d_by_state[parents[r]]
        for j in range(len(gate)):
            by_parent[j] += gate[j]
        if len(d_by_word):
            by_word = d_by_word[words[r]]
            for j in range(len(gate)):
                by_word[j] += gate[j]
