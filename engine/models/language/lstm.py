"""The LSTM: one step for many sentences at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.models.language.weights import Floats, Layer, ModelWeights

Rows = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LstmState:
    """The state after the words read: `hidden` and `cell` (layers, sentences, H)."""

    hidden: Floats
    cell: Floats

    @property
    def top(self) -> Floats:
        """(sentences, H) of the last layer."""
        top: Floats = self.hidden[-1]
        return top

    def select(self, rows: Rows) -> LstmState:
        """The states of some sentences; `rows` index them and may repeat."""
        return LstmState(self.hidden[:, np.asarray(rows)], self.cell[:, np.asarray(rows)])


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """Gates of one layer, each (sentences, H): input, forget, candidate, output."""

    i: Floats
    f: Floats
    g: Floats
    o: Floats


def initial_state(weights: ModelWeights, sentences: int) -> LstmState:
    """The state before the first word: zeros."""
    shape = (len(weights.layers), sentences, weights.layers[0].hidden)
    return LstmState(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def project_inputs(weights: ModelWeights, inputs: Floats) -> Floats:
    """Word vectors (n, E) -> input to the gates of the first layer (n, 4H), with the bias."""
    first = weights.layers[0]
    into: Floats = inputs @ first.kernel
    into += first.bias
    return into


def step(weights: ModelWeights, into: Floats, before: LstmState) -> LstmState:
    """The state after one more word; `into` (sentences, 4H) comes from `project_inputs`."""
    hidden, cell = np.empty_like(before.hidden), np.empty_like(before.cell)
    for number, layer in enumerate(weights.layers):
        if number:
            into = hidden[number - 1] @ layer.kernel
            into += layer.bias
        gates = compute_gates(layer, into, before.hidden[number])
        here = np.multiply(gates.f, before.cell[number], out=cell[number])
        here += gates.i * gates.g
        np.multiply(gates.o, np.tanh(here), out=hidden[number])
    return LstmState(hidden, cell)


def compute_gates(layer: Layer, into: Floats, hidden: Floats) -> Gates:
    """Gate values. The logistic function is computed as 0.5 tanh(x / 2) + 0.5, which cannot overflow. The
    arguments are not modified."""
    z: Floats = hidden @ layer.recurrent
    z += into
    size = layer.hidden
    halves, shift = _logistic(size)
    z *= halves
    np.tanh(z, out=z)
    z *= halves
    z += shift
    return Gates(z[..., :size], z[..., size : 2 * size], z[..., 2 * size : 3 * size], z[..., 3 * size :])


@cache
def _logistic(size: int) -> tuple[Floats, Floats]:
    """Factors and offsets (4H) that turn tanh into the logistic function for i, f, o and leave g
    unchanged."""
    is_logistic = np.repeat([True, True, False, True], size)
    return np.where(is_logistic, np.float32(0.5), np.float32(1)), is_logistic * np.float32(0.5)
