"""The LSTM: states after words, for many sentences at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.models.language import output_layer
from engine.models.language.prefix_tree import PrefixTree
from engine.models.language.weights import Floats, Layer, LstmWeights

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


def initial_state(weights: LstmWeights, sentences: int) -> LstmState:
    """The state before the first word: zeros."""
    shape = (len(weights.layers), sentences, weights.layers[0].hidden)
    return LstmState(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def project_inputs(weights: LstmWeights, inputs: Floats) -> Floats:
    """Word vectors (n, E) -> input to the gates of the first layer (n, 4H), with the bias."""
    first = weights.layers[0]
    into: Floats = inputs @ first.kernel
    into += first.bias
    return into


def step(weights: LstmWeights, into: Floats, before: LstmState) -> LstmState:
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


MAX_BYTES = 256 << 20
"""bytes of all words together, at most; memory pages of words that do not occur are never touched"""


class InputCache:
    """Every entry comes from a product of one row, so results do not depend on earlier requests."""

    def __init__(self, weights: LstmWeights) -> None:
        self._weights = weights
        shape = (len(weights.embedding), len(weights.layers[0].bias))
        is_kept = 4 * shape[0] * shape[1] <= MAX_BYTES
        self._rows = np.empty(shape if is_kept else (0, shape[1]), np.float32)
        self._known = np.zeros(len(self._rows), bool)

    def get(self, word: int) -> Floats:
        """(1, 4H) of a word; must not be modified."""
        if word >= len(self._rows):
            return project_inputs(self._weights, self._weights.embedding[word : word + 1])
        if not self._known[word]:
            self._rows[word] = project_inputs(self._weights, self._weights.embedding[word : word + 1])[0]
            self._known[word] = True
        return self._rows[word : word + 1]


@dataclass(frozen=True, slots=True, eq=False)
class LstmNetwork:
    """A `Network` of engine.models.language.model."""

    weights: LstmWeights
    _inputs: InputCache = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_inputs", InputCache(self.weights))

    def read(self, ids: Sequence[int], state: LstmState | None = None) -> LstmState:
        inputs = project_inputs(self.weights, self.weights.embedding[np.asarray(ids, np.int64)])
        found = initial_state(self.weights, 1) if state is None else state
        for position in range(len(ids)):
            found = step(self.weights, inputs[position : position + 1], found)
        return found

    def advance(self, state: LstmState, ids: Sequence[int]) -> LstmState:
        if len(ids) == 1:
            return step(self.weights, self._inputs.get(ids[0]), state)
        inputs = self.weights.embedding[np.asarray(ids, np.int64)]
        return step(self.weights, project_inputs(self.weights, inputs), state)

    def read_tree(self, tree: PrefixTree) -> Floats:
        weights = self.weights
        words = np.unique(np.concatenate([level.words for level in tree.levels]))
        into = project_inputs(weights, weights.embedding[words])
        state = initial_state(weights, 1)
        tops = []
        for level in tree.levels:
            state = step(weights, into[np.searchsorted(words, level.words)], state.select(level.parents))
            tops.append(state.top)
        return output_layer.features(weights, np.concatenate(tops))
