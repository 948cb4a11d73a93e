"""Numbers below 1.2e-38, which processors add and multiply a hundred times slower than others.

Where a gradient stays zero, Adam's means fall until they get there, and never leave: a convolutional network
on MNIST gets slower from its twentieth epoch on. Here they count as zero, for the thread that says so and
until it says otherwise.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types

from engine.models.mnist_kernels.vector import LONG, intrinsic

MACHINE = platform.machine()
X86, ARM = ("x86_64", "AMD64"), ("aarch64", "arm64")
_BYTES = ir.IntType(8).as_pointer()
FLUSHED = 0x8040 if MACHINE in X86 else 1 << 24 if MACHINE in ARM else 0
"""of results and of operands: bits of MXCSR (Intel's manual, volume 1, 10.2.3) or of FPCR (Arm's, D19.2)"""


@intrinsic
def mode(typing: Any) -> Any:
    """The thread's rules of arithmetic."""

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        if MACHINE in X86:
            place = builder.alloca(ir.IntType(32))
            _call(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), builder.bitcast(place, _BYTES))
            return builder.zext(builder.load(place), LONG)
        if MACHINE in ARM:
            return _call(builder, "llvm.aarch64.get.fpcr", LONG)
        return ir.Constant(LONG, 0)

    return types.int64(), write


@intrinsic
def set_mode(typing: Any, wanted: Any) -> Any:
    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        if MACHINE in X86:
            place = builder.alloca(ir.IntType(32))
            builder.store(builder.trunc(arguments[0], ir.IntType(32)), place)
            _call(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), builder.bitcast(place, _BYTES))
        elif MACHINE in ARM:
            _call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), write


def _call(builder: ir.IRBuilder, name: str, result: Any, *arguments: Any) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    found = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(found, arguments)
