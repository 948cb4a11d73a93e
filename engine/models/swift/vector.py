"""Sixteen floats side by side, in the code that Numba is compiling.

Numba leaves the choice of vectors to LLVM, which finds none in loops as short as a filter. Here the loops
of a tile are run in Python while its code is written, so what is compiled is the bare row of multiply-adds.
LLVM turns sixteen floats into one register, or two or four, whatever the processor has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numba
import numba.core.cgutils
import numba.extending
from llvmlite import ir

cgutils: Any = numba.core.cgutils

LANES = 16
FLOAT, LONG, BYTE = ir.FloatType(), ir.IntType(64), ir.IntType(8)
FLOATS = ir.VectorType(FLOAT, LANES)
BYTES = ir.VectorType(BYTE, LANES)
INTS = ir.VectorType(ir.IntType(32), LANES)
Compiled = TypeVar("Compiled", bound=Callable[..., Any])
Value = Any  # an ir.Value; llvmlite has no types of its own


def inner(function: Compiled) -> Compiled:
    """For a function that is called from compiled code alone: what only Python needs is left away, which
    halves the time it takes to compile."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    made: Compiled = numba.njit(nogil=True, **options)(function)
    return made


def intrinsic(written: Callable[..., Any]) -> Any:
    """Numba's decorator; what it makes is called without the first argument, `typing`."""
    return numba.extending.intrinsic(written)


class Vectors:
    """Writes instructions; every address is an array's data pointer and an index of elements."""

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self.context, self.builder = context, builder

    def data(self, kind: Any, array: Value) -> Value:
        return self.context.make_array(kind)(self.context, self.builder, value=array).data

    def load(self, data: Value, index: Value) -> Value:
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), FLOATS.as_pointer())
        return self.builder.load(pointer, align=4)

    def store(self, vector: Value, data: Value, index: Value) -> None:
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), vector.type.as_pointer())
        self.builder.store(vector, pointer, align=4 if vector.type is FLOATS else 1)

    def everywhere(self, data: Value, index: Value) -> Value:
        """One float of memory in all sixteen places."""
        return self.spread(self.builder.load(self.builder.gep(data, [index]), align=4))

    def spread(self, one: Value) -> Value:
        first = self.builder.insert_element(
            ir.Constant(FLOATS, ir.Undefined), one, ir.Constant(INTS.element, 0)
        )
        zeros = ir.Constant(INTS, [0] * LANES)
        return self.builder.shuffle_vector(first, ir.Constant(FLOATS, ir.Undefined), zeros)

    def add_product(self, total: Value, a: Value, b: Value) -> Value:
        """total + a * b, in one instruction where the processor has it."""
        kind = ir.FunctionType(FLOATS, [FLOATS] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.fmuladd.v16f32")
        return self.builder.call(function, [a, b, total])

    def root(self, a: Value) -> Value:
        kind = ir.FunctionType(FLOATS, [FLOATS])
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, kind, "llvm.sqrt.v16f32"), [a]
        )

    def load_bytes(self, data: Value, index: Value) -> Value:
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), BYTES.as_pointer())
        return self.builder.load(pointer, align=1)

    def interleave(self, a: Value, b: Value, places: list[int]) -> Value:
        return self.builder.shuffle_vector(a, b, ir.Constant(INTS, places))

    def plus(self, index: Value, by: int) -> Value:
        return self.builder.add(index, ir.Constant(LONG, by))

    def times(self, index: Value, by: int) -> Value:
        return self.builder.mul(index, ir.Constant(LONG, by))

    @contextmanager
    def counting(self, count: Value) -> Iterator[Value]:
        """A loop in the compiled code."""
        with cgutils.for_range(self.builder, count, intp=LONG) as loop:
            yield loop.index


class Totals:
    """Running sums that stay in registers through a loop."""

    def __init__(self, v: Vectors, names: Any, start: Callable[[Any], Value] | None = None) -> None:
        self.v, self.places = v, {name: cgutils.alloca_once(v.builder, FLOATS) for name in names}
        for name, place in self.places.items():
            v.builder.store(start(name) if start else ir.Constant(FLOATS, [0.0] * LANES), place)

    def add_product(self, name: Any, a: Value, b: Value) -> None:
        place = self.places[name]
        self.v.builder.store(self.v.add_product(self.v.builder.load(place), a, b), place)

    def __getitem__(self, name: Any) -> Value:
        return self.v.builder.load(self.places[name])
