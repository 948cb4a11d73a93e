"""The LSTM, one word further for many sentences at once."""

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
    """What has been read: `hidden` and `cell` (layers, sentences, H)."""

    hidden: Floats
    cell: Floats

    @property
    def top(self) -> Floats:
        """(sentences, H) of the last layer."""
        top: Floats = self.hidden[-1]
        return top

    def of(self, rows: Rows) -> LstmState:
        """The states of some sentences; `rows` index them and may repeat."""
        return LstmState(self.hidden[:, np.asarray(rows)], self.cell[:, np.asarray(rows)])


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """Of one layer, each (sentences, H): input, forget, candidate, output."""

    i: Floats
    f: Floats
    g: Floats
    o: Floats


def blank(weights: ModelWeights, sentences: int) -> LstmState:
    """Nothing has been read."""
    shape = (len(weights.layers), sentences, weights.layers[0].hidden)
    return LstmState(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def projected(weights: ModelWeights, inputs: Floats) -> Floats:
    """What the first layer's gates get from word vectors (n, E): (n, 4H), the bias included."""
    first = weights.layers[0]
    into: Floats = inputs @ first.kernel
    into += first.bias
    return into


def step(weights: ModelWeights, into: Floats, before: LstmState) -> LstmState:
    """One word further; `into` (sentences, 4H) comes from `projected`."""
    hidden, cell = np.empty_like(before.hidden), np.empty_like(before.cell)
    for number, layer in enumerate(weights.layers):
        if number:
            into = hidden[number - 1] @ layer.kernel
            into += layer.bias
        gates = open_gates(layer, into, before.hidden[number])
        here = np.multiply(gates.f, before.cell[number], out=cell[number])
        here += gates.i * gates.g
        np.multiply(gates.o, np.tanh(here), out=hidden[number])
    return LstmState(hidden, cell)


def open_gates(layer: Layer, into: Floats, hidden: Floats) -> Gates:
    """The logistic function as 0.5 tanh(x / 2) + 0.5: it overflows nowhere. Consumes nothing."""
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
    """Factors and summands (4H) that make tanh the logistic function for i, f, o and leave g alone."""
    is_logistic = np.repeat([True, True, False, True], size)
    return np.where(is_logistic, np.float32(0.5), np.float32(1)), is_logistic * np.float32(0.5)
