"""Adam on a stretch of a flat parameter, as PyTorch's fused one computes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from engine.models.swift.vector import FLOATS, LANES, Vectors, inner, intrinsic

MEAN, SQUARE, EPSILON = 0.9, 0.999, 1e-8
NOTHING = 1e-30
"""a moment below it is 0: on the way there processors compute a hundred times slower"""


@inner
def adam(parameter: Any, at: Any, gradient: Any, count: Any, lr: float, step: float) -> None:
    """Gradient i belongs to element `at` + i. `step` counts this update."""
    rate = np.float32(lr / (1.0 - MEAN**step))
    root = np.float32(1.0 / np.sqrt(1.0 - SQUARE**step))
    value, mean, square = parameter.value, parameter.mean, parameter.square
    whole = count - count % LANES
    for i in range(0, whole, LANES):
        _sixteen(value, mean, square, at + i, gradient, i, rate, root)
    for i in range(whole, count):
        _one(value, mean, square, at + i, gradient[i], rate, root)


@intrinsic
def _sixteen(typing: Any, value: Any, mean: Any, square: Any, at: Any, gradient: Any, g_at: Any, rate: Any,
             root: Any) -> Any:  # fmt: skip
    single, long = types.float32, types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
        values, means, squares = (v.data(kinds[n], a[n]) for n in range(3))
        g, m, s = v.load(v.data(kinds[4], a[4]), a[5]), v.load(means, a[3]), v.load(squares, a[3])
        m = _or_nothing(v, v.add_product(m, b.fsub(g, m), _all(1 - MEAN)), both_signs=True)
        s = v.add_product(b.fmul(s, _all(SQUARE)), b.fmul(g, g), _all(1 - SQUARE))
        s = _or_nothing(v, s, both_signs=False)
        v.store(m, means, a[3])
        v.store(s, squares, a[3])
        below = v.add_product(_all(EPSILON), v.root(s), v.spread(a[7]))
        step = b.fdiv(b.fmul(m, v.spread(a[6])), below)
        v.store(b.fsub(v.load(values, a[3]), step), values, a[3])
        return context.get_dummy_value()

    return types.void(value, mean, square, long, gradient, long, single, single), write


def _all(number: float) -> ir.Constant:
    return ir.Constant(FLOATS, [float(np.float32(number))] * LANES)


def _or_nothing(v: Vectors, moment: Any, both_signs: bool) -> Any:
    b = v.builder
    is_nothing = b.fcmp_ordered("<", moment, _all(NOTHING))
    if both_signs:
        is_nothing = b.and_(is_nothing, b.fcmp_ordered(">", moment, _all(-NOTHING)))
    return b.select(is_nothing, _all(0), moment)


@njit(inline="always")
def _one(value: Any, mean: Any, square: Any, at: int, g: Any, rate: Any, root: Any) -> None:
    m = mean[at] + (g - mean[at]) * np.float32(1 - MEAN)
    s = square[at] * np.float32(SQUARE) + g * g * np.float32(1 - SQUARE)
    mean[at] = m if abs(m) >= NOTHING else np.float32(0)
    square[at] = s if s >= NOTHING else np.float32(0)
    value[at] -= rate * mean[at] / (np.sqrt(square[at]) * root + np.float32(EPSILON))
