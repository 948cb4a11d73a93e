"""Adam on a stretch of a flat parameter, as PyTorch's fused one computes it.

A square root and a division take a processor as long as twenty multiplications. With AVX-512 both begin from
an estimate of 14 bits, and multiply-adds refine it to within one unit in the last place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import njit, types

from engine.models.mnist_kernels.vector import LANES, Vectors, inner, intrinsic

MEAN, SQUARE, EPSILON = 0.9, 0.999, 1e-8
NOTHING = 1e-30
"""a moment below it is 0: on the way there processors compute a hundred times slower"""
MOST = float(np.finfo(np.float32).max)


def has_avx512(name: str | None, features: str | None, host: Mapping[str, bool]) -> bool:
    """Whether Numba compiles for AVX-512: its settings NUMBA_CPU_NAME and NUMBA_CPU_FEATURES come first."""
    if features is not None:
        return "+avx512f" in features.split(",")
    return name is None and bool(host.get("avx512f"))


_CONFIG: Any = numba.config
ESTIMATES = has_avx512(_CONFIG.CPU_NAME, _CONFIG.CPU_FEATURES, llvmlite.binding.get_host_cpu_features())


class AdamState(NamedTuple):
    """Data pointers of a parameter."""

    value: Any
    mean: Any
    square: Any


@inner
def rates(lr: float, step: float) -> Any:
    """What turns mean and root of square into a step; `step` counts this update."""
    return np.float32(lr / (1.0 - MEAN**step)), np.float32(1.0 / np.sqrt(1.0 - SQUARE**step))


@inner
def adam(parameter: Any, at: Any, gradient: Any, count: Any, lr: float, step: float) -> None:
    """Gradient i belongs to element `at` + i."""
    rate, root = rates(lr, step)
    stretch(parameter, at, gradient, count, rate, root)


@njit(inline="always")
def stretch(parameter: Any, at: Any, gradient: Any, count: Any, rate: Any, root: Any) -> None:
    """`rate` and `root` are those of `rates`."""
    for i in range(0, count, LANES):
        _sixteen(
            parameter.value, parameter.mean, parameter.square, at + i, gradient, i, count - i, rate, root
        )


@njit(inline="always")
def ask_line(parameter: Any, value_at: Any, at: Any) -> None:
    """For 128 elements that are to come, and for the moments of others."""
    _ask(parameter.value, parameter.mean, parameter.square, value_at, at)


@intrinsic
def _ask(typing: Any, value: Any, mean: Any, square: Any, value_at: Any, at: Any) -> Any:
    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v = Vectors(context, builder)
        for n in range(3):
            data = v.data(signature.args[n], arguments[n])
            for line in range(8):
                v.fetch(data, v.plus(arguments[4 if n else 3], line * LANES))
        return context.get_dummy_value()

    return types.void(value, mean, square, types.int64, types.int64), write


@intrinsic
def _sixteen(typing: Any, value: Any, mean: Any, square: Any, at: Any, gradient: Any, g_at: Any, count: Any,
             rate: Any, root: Any) -> Any:  # fmt: skip
    """The first `count` of sixteen, all if there are more."""
    single, long = types.float32, types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        mask = v.first(a[6])
        g = v.load(v.data(kinds[4], a[4]), a[5], mask)
        memory = AdamState(*(v.data(kinds[n], a[n]) for n in range(3)))
        move(v, memory, a[3], g, v.spread(a[7]), v.spread(a[8]), mask)
        return context.get_dummy_value()

    return types.void(value, mean, square, long, gradient, long, long, single, single), write


def move(v: Vectors, memory: AdamState, at: Any, g: Any, rate: Any, root: Any, mask: Any) -> None:
    """Sixteen elements with the gradient `g`; `rate` and `root` are in all places of a vector."""
    b = v.builder
    m, s = v.load(memory.mean, at, mask), v.load(memory.square, at, mask)
    m = v.add_product(m, b.fsub(g, m), v.all(1 - MEAN))
    m = _or_nothing(v, m, v.size(m))
    s = v.add_product(b.fmul(s, v.all(SQUARE)), b.fmul(g, g), v.all(1 - SQUARE))
    s = _or_nothing(v, s, s)
    v.store(m, memory.mean, at, mask)
    v.store(s, memory.square, at, mask)
    below = v.add_product(v.all(EPSILON), _root(v, s), root)
    step = _quotient(v, b.fmul(m, rate), below)
    v.store(b.fsub(v.load(memory.value, at, mask), step), memory.value, at, mask)


def _or_nothing(v: Vectors, moment: Any, size: Any) -> Any:
    return v.builder.select(v.builder.fcmp_ordered("<", size, v.all(NOTHING)), v.all(0), moment)


def _root(v: Vectors, s: Any) -> Any:
    if not ESTIMATES:
        return v.root(s)
    b = v.builder
    s = b.select(b.fcmp_ordered(">", s, v.all(MOST)), v.all(MOST), s)  # the estimate for infinity is 0
    nothing = b.fcmp_ordered("<", s, v.all(NOTHING))  # that for 0 is infinity
    estimate = v.quick("rsqrt14", b.select(nothing, v.all(NOTHING), s))
    near = b.fmul(s, estimate)
    return v.add_product(near, v.add_product(s, b.fneg(near), near), b.fmul(estimate, v.all(0.5)))


def _quotient(v: Vectors, above: Any, below: Any) -> Any:
    if not ESTIMATES:
        return v.builder.fdiv(above, below)
    b = v.builder
    share = v.quick("rcp14", below)
    near = b.fmul(above, share)
    return v.add_product(near, v.add_product(above, b.fneg(below), near), share)
