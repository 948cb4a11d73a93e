"""Which path trains: the compiled one where it can be had, else NumPy."""

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
from engine.models.xor.batch.numpy_path import NumpyPath

SUMS = "sums:2"
"""a number for the order in which NumPy's path adds and multiplies: another order, other bits"""
LANES = 16
"""floats of the widest vector there is"""


class TrainingPath(Protocol):
    def advance(self, block: NetArrays, done: int, epochs: int) -> None: ...


@dataclass(frozen=True, slots=True)
class BatchTrainer:
    name: str
    """compiled or numpy"""
    facts: str
    """what its bits depend on"""
    path: Callable[[NetGroup, int], TrainingPath]
    """of a family and a width"""
    lanes: int
    """a block is a whole number of so many networks: no instruction ever sees a shorter tail"""
    notice: str = ""


def trainer(wanted: str, cache: Path) -> BatchTrainer:
    """`cache` keeps what was compiled. Raises EngineError when what was asked for by name cannot be had."""
    if wanted == "numpy":
        return _numpy()
    try:
        return _compiled(cache)
    except (ImportError, OSError, RuntimeError) as error:
        if wanted == "compiled":
            raise EngineError(
                f"The compiled trainer cannot be used: {error}.", "Take trainer=numpy."
            ) from error
        return _numpy(f"The networks are trained by NumPy alone, since Numba cannot be used: {error}.")


def _numpy(notice: str = "") -> BatchTrainer:
    return BatchTrainer("numpy", f"numpy {np.__version__} {_instructions()} {SUMS}", NumpyPath, LANES, notice)


def _compiled(cache: Path) -> BatchTrainer:
    """Compiled, or read from the cache: from here on it starts at once."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))
    import llvmlite.binding
    import numba

    from engine.models.xor.batch import compiled_kernel
    from engine.models.xor.batch.compiled_path import CompiledPath, warm

    warm()
    processor = llvmlite.binding.get_host_cpu_name()
    facts = f"numba {numba.__version__} {processor}"
    return BatchTrainer("compiled", facts, lambda group, width: CompiledPath(group), compiled_kernel.LANES)


def _instructions() -> str:
    """Which of its loops NumPy takes on this processor for the functions whose last bit may differ."""
    found = np.lib.introspect.opt_func_info(func_name="^(exp|log1p|tanh)$", signature="^float32")
    used = {name: next(iter(ways.values()))["current"] for name, ways in sorted(found.items()) if ways}
    return " ".join(f"{name}:{way}" for name, way in used.items())
