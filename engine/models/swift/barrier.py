"""Where threads of compiled code wait for each other without Python.

A thread that waits offers its core to whoever wants it, and after a fifth of a millisecond it sleeps: a
neighbour on the same cores loses nothing to a step that waits.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.swift.vector import inner, intrinsic

COUNT, ROUND = 0, 16
"""places in the barrier's array of 64-bit integers, two cache lines apart"""
SIZE = 32
YIELDS = 400
SHORTEST, LONGEST = 50, 1000  # microseconds

sched_yield: Any = types.ExternalFunction("sched_yield", types.int32())
usleep: Any = types.ExternalFunction("usleep", types.int32(types.uint32))


@intrinsic
def _add(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Atomically; returns what was there before."""

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, value=arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), write


@inner
def meet(barrier: Any, ranks: int) -> None:
    """Returns once all `ranks` threads have come here."""
    if ranks == 1:
        return
    now = _add(barrier, ROUND, 0)
    if _add(barrier, COUNT, 1) == ranks - 1:
        _add(barrier, COUNT, -ranks)
        _add(barrier, ROUND, 1)
        return
    waited, pause = 0, SHORTEST
    while _add(barrier, ROUND, 0) == now:
        waited += 1
        if waited < YIELDS:
            sched_yield()
        else:
            usleep(pause)
            pause = min(2 * pause, LONGEST)
