"""The variables of a Keras model with the names and in the layout of checkpoints.neutral.

The name of a layer is the path of its tensors. An LSTM layer named `lstm.l0` has `lstm.l0.kernel`,
`.recurrent` and `.bias`; Keras's gate order i, f, c, o is the neutral one, where c is g. Only kernels of
Dense layers and convolutions are transposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from checkpoints.tensors import Array

_LEAVES = {"embeddings": "weight", "kernel": "weight", "gamma": "weight", "beta": "bias"}
RANDOM = "seed_generator_state"
_LSTM_LEAVES = {"recurrent_kernel": "recurrent"}
_TURNS = {2: (1, 0), 4: (3, 2, 0, 1)}
"""axes of a Dense kernel and of a convolution's, from Keras to neutral"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A Keras variable; `axes` is the transposition to its neutral form."""

    variable: Any
    axes: tuple[int, ...] | None = None

    @property
    def outline(self) -> tuple[tuple[int, ...], str]:
        """Shape in the neutral layout, dtype."""
        shape = tuple(self.variable.shape)
        turned = shape if self.axes is None else tuple(shape[axis] for axis in self.axes)
        return turned, str(self.variable.dtype)

    def read(self) -> Array:
        """A copy in the neutral layout."""
        value = self.variable.value.numpy()
        return np.array(value if self.axes is None else value.transpose(self.axes), order="C")

    def write(self, array: Array) -> None:
        self.variable.assign(array if self.axes is None else array.transpose(np.argsort(self.axes)))


def variables(model: keras.Model, *, random: bool = False) -> dict[str, Slot]:
    """Every variable of the model except the states of its random number generators, or those alone: Keras's
    dropout has one per layer."""
    found: dict[str, Slot] = {}
    for layer in model.layers:
        for variable in layer.variables:
            name, slot = _named(layer, variable)
            if name.endswith(RANDOM) is not random:
                continue
            if name in found:
                raise ValueError(f"two variables would be called {name}")
            found[name] = slot
    return found


def _named(layer: keras.layers.Layer, variable: Any) -> tuple[str, Slot]:
    leaf = variable.path.rsplit("/", 1)[-1]
    if isinstance(layer, keras.layers.LSTM):
        return f"{layer.name}.{_LSTM_LEAVES.get(leaf, leaf)}", Slot(variable)
    turns = _TURNS.get(len(variable.shape)) if leaf == "kernel" else None
    return f"{layer.name}.{_LEAVES.get(leaf, leaf)}", Slot(variable, turns)


def slots(optimizer: keras.optimizers.Optimizer) -> dict[str, Slot]:
    """Every variable of a built optimizer, by position and kind: `2.momentum` after `0.iteration`."""
    return {
        f"{number}.{_kind(variable.path)}": Slot(variable)
        for number, variable in enumerate(optimizer.variables)
    }


def _kind(path: str) -> str:
    """The kind of a variable: its path without parts that count the models and optimizers of a process."""
    leaf = path.rsplit("/", 1)[-1]
    return leaf if leaf in ("iteration", "learning_rate") else leaf.rsplit("_", 1)[-1]
