"""The state of a training from the parts that it consists of, so that a file of one's own names only them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from engine.errors import ParamError
from engine.worker.checkpoint import TrainingState

EXPECTED = (
    "a network with its optimizer, a compiled Keras model, or a dictionary of NumPy arrays and generators"
)


def state_of(parts: Any) -> TrainingState:
    """`parts` itself where it is a TrainingState, else the state of

    * PyTorch: a tuple of a network, its optimizer, further networks, a scheduler and NumPy generators
    * Keras: a compiled model, or a tuple of it and NumPy generators
    * NumPy: a dictionary of arrays, which have to be changed in place, and of generators

    Raises ParamError for anything else.
    """
    if hasattr(parts, "capture") and hasattr(parts, "restore"):
        made: TrainingState = parts
        return made
    if isinstance(parts, Mapping):
        return _of_arrays(parts)
    listed = tuple(parts) if isinstance(parts, tuple | list) else (parts,)
    if _of_kind(listed, "torch.optim", "Optimizer"):
        return _of_torch(listed)
    if _of_kind(listed, "keras", "Model"):
        return _of_keras(listed)
    raise _refused(listed)


def _of_kind(parts: tuple[Any, ...], module: str, name: str) -> list[Any]:
    """Those of a class of a framework, which is not imported: nothing can be of it before."""
    kind = getattr(sys.modules.get(module), name, None)
    return [one for one in parts if kind is not None and isinstance(one, kind)]


def _generators(parts: tuple[Any, ...]) -> dict[str, Any]:
    return {str(number): one for number, one in enumerate(_of_kind(parts, "numpy.random", "Generator"))}


def _of_torch(parts: tuple[Any, ...]) -> TrainingState:
    from checkpoints.torch_io import TorchState

    optimizers, networks = _of_kind(parts, "torch.optim", "Optimizer"), _of_kind(parts, "torch.nn", "Module")
    schedulers = _of_kind(parts, "torch.optim.lr_scheduler", "LRScheduler")
    generators = _generators(parts)
    known = (*optimizers, *networks, *schedulers, *generators.values())
    if len(known) != len(parts) or len(optimizers) != 1 or not networks or len(schedulers) > 1:
        raise _refused(parts)
    more = {str(number): one for number, one in enumerate(networks[1:], 1)}
    return TorchState(
        networks[0], optimizers[0], next(iter(schedulers), None), generators=generators, modules=more
    )


def _of_keras(parts: tuple[Any, ...]) -> TrainingState:
    from checkpoints.keras_io import KerasState

    models, generators = _of_kind(parts, "keras", "Model"), _generators(parts)
    if len(models) != 1 or len(models) + len(generators) != len(parts):
        raise _refused(parts)
    optimizer = getattr(models[0], "optimizer", None)
    if optimizer is None or not models[0].built:
        raise ParamError(
            "The Keras model has no optimizer or no shapes yet: expected one that is compiled and built.",
            "Call model.compile(...) before the loop, and let the model begin with keras.Input(shape).",
        )
    return KerasState(models[0], optimizer, generators=generators)


def _of_arrays(parts: Mapping[Any, Any]) -> TrainingState:
    import numpy as np

    from checkpoints.numpy_io import ArrayState, NamedParts

    arrays = {name: one for name, one in parts.items() if isinstance(one, np.ndarray)}
    generators = {name: one for name, one in parts.items() if isinstance(one, np.random.Generator)}
    if not arrays or len(arrays) + len(generators) != len(parts):
        raise _refused(tuple(parts.values()))
    return ArrayState(NamedParts(arrays, generators=generators))


def _refused(parts: tuple[Any, ...]) -> ParamError:
    found = ", ".join(type(one).__name__ for one in parts) or "nothing"
    return ParamError(
        f"What is to be saved: expected {EXPECTED}, got {found[:200]}.",
        "Or give a state, such as checkpoints.torch_io.TorchState.",
    )
