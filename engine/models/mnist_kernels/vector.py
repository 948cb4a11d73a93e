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
import numpy as np
from llvmlite import ir

cgutils: Any = numba.core.cgutils

LANES = 16
FLOAT, LONG, BYTE = ir.FloatType(), ir.IntType(64), ir.IntType(8)
FLOATS = ir.VectorType(FLOAT, LANES)
BYTES = ir.VectorType(BYTE, LANES)
INTS = ir.VectorType(ir.IntType(32), LANES)
MASKS = ir.VectorType(ir.IntType(1), LANES)
ALIGN = ir.Constant(ir.IntType(32), 4)
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

    def load(self, data: Value, index: Value, mask: Value = None) -> Value:
        """Where `mask` is not set it is 0, and memory is not looked at."""
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), FLOATS.as_pointer())
        if mask is None:
            return self.builder.load(pointer, align=4)
        zeros = ir.Constant(FLOATS, [0.0] * LANES)
        return self._call("llvm.masked.load.v16f32.p0", FLOATS, pointer, ALIGN, mask, zeros)

    def load_few(self, data: Value, index: Value, count: int) -> Value:
        kind = ir.VectorType(FLOAT, count)
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), kind.as_pointer())
        return self.builder.load(pointer, align=4)

    def store(self, vector: Value, data: Value, index: Value, mask: Value = None) -> None:
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), vector.type.as_pointer())
        if mask is None:
            self.builder.store(vector, pointer, align=1 if vector.type is BYTES else 4)
        else:
            self._call("llvm.masked.store.v16f32.p0", ir.VoidType(), vector, pointer, ALIGN, mask)

    def store_packed(self, vector: Value, mask: Value, data: Value, index: Value) -> None:
        """Those where `mask` is set, one behind the other."""
        kind = "f32" if vector.type is FLOATS else "i32"
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), vector.type.as_pointer())
        self._call(f"llvm.masked.compressstore.v16{kind}", ir.VoidType(), vector, pointer, mask)

    def count(self, mask: Value) -> Value:
        """Where it is set, as a LONG."""
        bits = self.builder.zext(self.builder.bitcast(mask, ir.IntType(LANES)), LONG)
        return self._call("llvm.ctpop.i64", LONG, bits)

    def first(self, count: Value) -> Value:
        """The mask of the first `count` of sixteen."""
        whole = self.builder.trunc(count, INTS.element)
        places = ir.Constant(INTS, list(range(LANES)))
        return self.builder.icmp_signed("<", places, self.spread(whole))

    def fetch(self, data: Value, index: Value, nearness: int = 3) -> None:
        """Ask for a cache line that is needed soon, if it is memory at all; 3 is the nearest cache."""
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), BYTE.as_pointer())
        read, near, is_data = (ir.Constant(INTS.element, number) for number in (0, nearness, 1))
        self._call("llvm.prefetch.p0", ir.VoidType(), pointer, read, near, is_data)

    def _call(self, name: str, result: Any, *arguments: Value) -> Value:
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)

    def everywhere(self, data: Value, index: Value) -> Value:
        """One float of memory in all sixteen places."""
        return self.spread(self.builder.load(self.builder.gep(data, [index]), align=4))

    def spread(self, one: Value) -> Value:
        kind = ir.VectorType(one.type, LANES)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(nothing, one, ir.Constant(INTS.element, 0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(INTS, [0] * LANES))

    def all(self, number: float) -> Value:
        return ir.Constant(FLOATS, [float(np.float32(number))] * LANES)

    def add_product(self, total: Value, a: Value, b: Value) -> Value:
        """total + a * b, in one instruction where the processor has it."""
        return self._call("llvm.fmuladd.v16f32", FLOATS, a, b, total)

    def quick(self, name: str, a: Value) -> Value:
        """An estimate to 14 bits by AVX-512: rsqrt14 or rcp14."""
        everywhere = ir.Constant(ir.IntType(16), -1)
        return self._call(f"llvm.x86.avx512.{name}.ps.512", FLOATS, a, a, everywhere)

    def size(self, a: Value) -> Value:
        return self._call("llvm.fabs.v16f32", FLOATS, a)

    def root(self, a: Value) -> Value:
        return self._call("llvm.sqrt.v16f32", FLOATS, a)

    def load_bytes(self, data: Value, index: Value) -> Value:
        pointer = self.builder.bitcast(self.builder.gep(data, [index]), BYTES.as_pointer())
        return self.builder.load(pointer, align=1)

    def interleave(self, a: Value, b: Value, places: list[int]) -> Value:
        kind = ir.VectorType(INTS.element, len(places))
        return self.builder.shuffle_vector(a, b, ir.Constant(kind, places))

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
