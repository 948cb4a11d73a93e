"""The trainer of a batch: compiled by Numba where that is available, else NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.errors import EngineError
from engine.models.xor.batch.arrays import NetArrays
from engine.models.xor.batch.group import NetGroup
from engine.models.xor.batch.numpy_backend import NumpyBackend

SUMS = "sums:2"
"""identifies the order of sums and products in the NumPy backend: another order gives other bits"""
VECTOR = 16
"""floats of the widest vector register"""


class TrainingBackend(Protocol):
    def advance(self, nets: NetArrays, done: int, epochs: int) -> None: ...


@dataclass(frozen=True, slots=True)
class BatchTrainer:
    name: str
    """compiled or numpy"""
    facts: str
    """what the bits of a result depend on: versions and instructions"""
    backend: Callable[[NetGroup, int], TrainingBackend]
    """makes the backend of a group and a width"""
    multiple: int
    """widths are multiples of this: no vector instruction gets a shorter remainder"""
    notice: str = ""


def trainer(requested: str, cache: Path) -> BatchTrainer:
    """`cache` keeps compiled code. Raises EngineError when the trainer requested by name is not available."""
    if requested == "numpy":
        return _numpy()
    try:
        return _compiled(cache)
    except (ImportError, OSError, RuntimeError) as error:
        if requested == "compiled":
            raise EngineError(
                f"The compiled trainer cannot be used: {error}.", "Take trainer=numpy."
            ) from error
        return _numpy(f"The networks are trained by NumPy alone, since Numba cannot be used: {error}.")


def _numpy(notice: str = "") -> BatchTrainer:
    return BatchTrainer(
        "numpy", f"numpy {np.__version__} {_instructions()} {SUMS}", NumpyBackend, VECTOR, notice
    )


def _compiled(cache: Path) -> BatchTrainer:
    """The compiled trainer, its kernel compiled or loaded from the cache."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))
    import llvmlite.binding
    import numba

    from engine.models.xor.batch import compiled_kernel
    from engine.models.xor.batch.compiled_backend import CompiledBackend, compile_kernel

    compile_kernel()
    processor = llvmlite.binding.get_host_cpu_name()
    facts = f"numba {numba.__version__} {processor}"
    return BatchTrainer("compiled", facts, lambda group, width: CompiledBackend(group), compiled_kernel.WIDTH)


def _instructions() -> str:
    """The instruction sets that NumPy uses here for the functions whose last bit may differ."""
    found = np.lib.introspect.opt_func_info(func_name="^(exp|log1p|tanh)$", signature="^float32")
    used = {name: next(iter(ways.values()))["current"] for name, ways in sorted(found.items()) if ways}
    return " ".join(f"{name}:{way}" for name, way in used.items())
