"""The interface of both trainings. Only the framework in use is imported."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.models.language.model_description import ModelDescription
from engine.models.precision import TimedWork

Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]


class LstmTraining(Protocol):
    """A language model in training. `inputs` and `targets` are (B, T), padded on the right with 0."""

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step` (from 1). Returns the mean loss of real words, in nats."""
        ...

    def summed_loss(self, inputs: Ids, targets: Ids) -> float:
        """The summed loss of real words in nats, in float32, without dropout and without an update."""
        ...

    def weights(self) -> dict[str, NDArray[Any]]:
        """A copy of all weights under their neutral names."""
        ...

    def load_weights(self, weights: Arrays) -> None:
        """Weights of either framework. Raises MismatchedCheckpoint."""
        ...

    def state(self, extras: Mapping[str, Any]) -> Any:
        """Everything that an exact resume needs; `extras` are saved with it."""
        ...


def make_training(framework: str, kind: ModelDescription, **options: Any) -> LstmTraining:
    """`options` are seed, dropout, optimizer, clip, precision and device."""
    if framework == "torch":
        from engine.models.lstm_training.torch_training import TorchTraining

        return TorchTraining(kind, **options)
    from engine.models.lstm_training.keras_training import KerasTraining

    return KerasTraining(kind, **options)


def timed_product(framework: str, device: str) -> TimedWork:
    """A product as of a vocabulary layer: (rows, 256) by (256, 4096) with 256 rows, on a GPU with 8192."""
    rows = 8192 if device == "cuda" else 256
    product: Callable[[int, str], tuple[Callable[[str], object], Mapping[str, Any]]]
    if framework == "torch":
        from engine.models.lstm_training.torch_training import product
    else:
        from engine.models.lstm_training.keras_training import product
    multiply, env = product(rows, device)
    version = f"{env['framework']} {env[env['framework']]}"
    machine = f"product, {env['processor']}, {platform.node()}, {env['threads']} threads, {version}"
    return TimedWork("a matrix product", machine, multiply)
