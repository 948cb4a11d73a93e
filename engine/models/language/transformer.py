"""A causal transformer: each block adds to every word what its heads read of the words before, and what a
network of two layers makes of that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.models.language.lstm import Rows
from engine.models.language.model_description import POSITIONS
from engine.models.language.prefix_tree import PrefixTree
from engine.models.language.weights import BlockWeights, Floats, Norm, TransformerWeights

EPSILON = 1e-5
"""added to the variance by layer norms, as in PyTorch"""
SLOPE = math.sqrt(2 / math.pi)
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TransformerState:
    """After T words of each sentence: `top` (sentences, E), `keys` and `values` (blocks, sentences, T, E)."""

    top: Floats
    keys: Floats
    values: Floats

    @property
    def length(self) -> int:
        return int(self.keys.shape[2])

    def select(self, rows: Rows) -> TransformerState:
        """The states of some sentences; `rows` index them and may repeat."""
        at = np.asarray(rows)
        return TransformerState(self.top[at], self.keys[:, at], self.values[:, at])


@dataclass(frozen=True, slots=True, eq=False)
class BlockReading:
    """A sentence of T words block by block: `weights` (blocks, heads, T, T), row i what word i attends to;
    `stream` (blocks + 1, T, E), the word vectors before the first block and after each one."""

    weights: Floats
    stream: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TransformerNetwork:
    """A `Network` of engine.models.language.model."""

    weights: TransformerWeights

    def read(self, ids: Sequence[int], state: TransformerState | None = None) -> TransformerState:
        """All words at once. Raises DataError for more words than there are positions."""
        before = 0 if state is None else state.length
        x = self._embed(ids, slice(before, before + len(ids)), before + len(ids))
        keys, values = [], []
        for number, block in enumerate(self.weights.blocks):
            q, k, v = queries_keys_values(block, x)
            if state is not None:
                k = np.concatenate([state.keys[number, 0], k])
                v = np.concatenate([state.values[number, 0], v])
            heard = _mix(self._attend(q, k, before), v, self.weights.heads)
            x = _feed_forward(block, x + block.out_proj.apply(heard))
            keys.append(k[None])
            values.append(v[None])
        return TransformerState(layer_norm(self.weights.norm, x[-1:]), np.stack(keys), np.stack(values))

    def advance(self, state: TransformerState, ids: Sequence[int]) -> TransformerState:
        """Raises DataError for more words than there are positions."""
        x = self._embed(ids, state.length, state.length + 1)
        shape = (*state.keys.shape[:2], state.length + 1, x.shape[1])
        keys, values = np.empty(shape, np.float32), np.empty(shape, np.float32)
        keys[:, :, :-1], values[:, :, :-1] = state.keys, state.values
        for number, block in enumerate(self.weights.blocks):
            q, keys[number, :, -1], values[number, :, -1] = queries_keys_values(block, x)
            x = self._after(block, x, q, keys[number], values[number])
        return TransformerState(layer_norm(self.weights.norm, x), keys, values)

    def read_tree(self, tree: PrefixTree) -> Floats:
        """Block by block: all prefixes pass through the matrices at once, and each attends to its own."""
        paths = _paths(tree)
        depths = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
        x = self._embed(np.concatenate([level.words for level in tree.levels]), depths, len(paths))
        for block in self.weights.blocks:
            q, k, v = queries_keys_values(block, x)
            heard = np.empty_like(x)
            for path in paths:
                rows = path[:, -1]
                heard[rows] = _mix_each(_attend_each(q[rows], k[path], self.weights.heads), v[path])
            x = _feed_forward(block, x + block.out_proj.apply(heard))
        return layer_norm(self.weights.norm, x)

    def look_into(self, ids: Sequence[int]) -> BlockReading:
        """What each word of a sentence attends to, and the word vectors behind each block."""
        x = self._embed(ids, slice(0, len(ids)), len(ids))
        weights, stream = [], [x]
        for block in self.weights.blocks:
            q, k, v = queries_keys_values(block, x)
            weights.append(self._attend(q, k, 0))
            x = _feed_forward(block, x + block.out_proj.apply(_mix(weights[-1], v, self.weights.heads)))
            stream.append(x)
        return BlockReading(np.stack(weights), np.stack(stream))

    def _embed(self, ids: Rows, places: int | slice | Ints, end: int) -> Floats:
        """(n, E): sqrt(E) times the word vectors, and the positions of `places`, which are below `end`."""
        embedding, position = self.weights.embedding, self.weights.position
        vectors: Floats = embedding[np.asarray(ids, np.int64)] * math.sqrt(embedding.shape[1])
        if position is None:
            return vectors
        if end > len(position):
            raise DataError(
                f"The model reads at most {POSITIONS - 1} words, got {end - 1:,}.",
                "Give it a shorter text, or ask for fewer words.",
            )
        vectors += position[places]
        return vectors

    def _attend(self, q: Floats, k: Floats, before: int) -> Floats:
        """(heads, T, before + T): the weights of `q` (T, E) over `k` (before + T, E), 0 for later words."""
        heads = self.weights.heads
        scores = _split(q, heads) @ _split(k, heads).transpose(0, 2, 1)
        scores /= math.sqrt(q.shape[1] // heads)
        later = np.arange(len(k)) > np.arange(before, before + len(q))[:, None]
        scores[:, later] = -np.inf
        return softmax(scores)

    def _after(self, block: BlockWeights, x: Floats, q: Floats, keys: Floats, values: Floats) -> Floats:
        """(n, E): each row of `x` with what it heard of its own keys and values (n, T, E)."""
        heard = _mix_each(_attend_each(q, keys, self.weights.heads), values)
        return _feed_forward(block, x + block.out_proj.apply(heard))


def queries_keys_values(block: BlockWeights, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Three arrays of the shape of x (n, E)."""
    width = x.shape[1]
    made = block.in_proj.apply(layer_norm(block.norm1, x))
    return made[:, :width], made[:, width : 2 * width], made[:, 2 * width :]


def layer_norm(norm: Norm, x: Floats) -> Floats:
    """Mean 0 and variance 1 over the last axis, then scaled and shifted."""
    width = x.shape[-1]
    if x.size == width:  # a single word: scalars take half the time of arrays of one
        row = x.reshape(width)
        made: Floats = row - np.add.reduce(row) / width
        made /= math.sqrt(made.dot(made) / width + EPSILON)
    else:
        made = x - np.add.reduce(x, axis=-1, keepdims=True) / width
        made /= np.sqrt(np.vecdot(made, made)[..., None] / width + EPSILON)
    made *= norm.weight
    made += norm.bias
    return made.reshape(x.shape)


def gelu(x: Floats) -> Floats:
    """x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in place (Hendrycks and Gimpel, 2016)."""
    inner = np.square(x)
    inner *= 0.044715 * SLOPE
    inner += SLOPE
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1
    x *= inner
    x *= 0.5
    return x


def softmax(scores: Floats) -> Floats:
    """Over the last axis, in place."""
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, axis=-1, keepdims=True)
    return scores


def _feed_forward(block: BlockWeights, x: Floats) -> Floats:
    made: Floats = block.linear2.apply(gelu(block.linear1.apply(layer_norm(block.norm2, x))))
    made += x
    return made


def _split(x: Floats, heads: int) -> Floats:
    """(T, E) -> (heads, T, E / heads)"""
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _mix(weights: Floats, values: Floats, heads: int) -> Floats:
    """(T, E): the values (S, E) of each head, weighted by (heads, T, S)."""
    mixed = weights @ _split(values, heads)
    return np.ascontiguousarray(mixed.transpose(1, 0, 2)).reshape(weights.shape[1], -1)


def _attend_each(q: Floats, keys: Floats, heads: int) -> Floats:
    """(n, heads, T): the weights of each row of `q` (n, E) over its own `keys` (n, T, E)."""
    n, length, width = keys.shape
    by_head = keys.reshape(n, length, heads, width // heads).transpose(0, 2, 1, 3)
    scores: Floats = (by_head @ q.reshape(n, heads, width // heads, 1))[..., 0]
    scores /= math.sqrt(width // heads)
    return softmax(scores)


def _mix_each(weights: Floats, values: Floats) -> Floats:
    """(n, E): the `values` (n, T, E) of each row, weighted by (n, heads, T)."""
    n, length, width = values.shape
    heads = weights.shape[1]
    by_head = values.reshape(n, length, heads, width // heads).transpose(0, 2, 1, 3)
    mixed: Floats = (weights[:, :, None] @ by_head).reshape(n, width)
    return mixed


def _paths(tree: PrefixTree) -> list[Ints]:
    """Of each level (n, depth + 1): the places of the prefixes of each of its prefixes, itself last."""
    paths: list[Ints] = []
    first = 0
    for level in tree.levels:
        own = np.arange(first, first + len(level.words))[:, None]
        paths.append(np.hstack([paths[-1][level.parents], own]) if paths else own)
        first += len(level.words)
    return paths
