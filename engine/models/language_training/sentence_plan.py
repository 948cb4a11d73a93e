"""What a batch of sentences has to compute: states of an LSTM, and the words that are wanted of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.language import prefix_tree

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WantedWords:
    """The words that are to be predicted from `count` rows of hidden units.

    `words` and `rows` (pairs) are in order of rows, no pair is there twice; `times` (pairs) counts how often
    a word is wanted of its row, `weights` (count) how many words are. Those of row r begin at `starts[r]`.
    """

    words: Ints
    rows: Ints
    times: Ints
    weights: Ints
    starts: Ints

    @property
    def count(self) -> int:
        return len(self.weights)

    @property
    def total(self) -> int:
        return int(self.weights.sum())

    def part(self, start: int, stop: int) -> WantedWords:
        """Of the rows from `start` to `stop`."""
        first, last = self.starts[start], self.starts[stop]
        here = slice(first, last)
        starts = self.starts[start : stop + 1] - first
        weights = self.weights[start:stop]
        return WantedWords(self.words[here], self.rows[here] - start, self.times[here], weights, starts)


def wanted_words(rows: Ints, words: Ints) -> WantedWords:
    """Of pairs in any order; every row from 0 to the greatest is among them."""
    base = int(words.max()) + 1
    pairs, times = np.unique(rows * base + words, return_counts=True)
    at, wanted = np.divmod(pairs, base)
    weights = np.bincount(rows)
    return WantedWords(wanted, at, times, weights, np.searchsorted(at, np.arange(len(weights) + 1)))


@dataclass(frozen=True, slots=True, eq=False)
class SentencePlan:
    """The states of a batch, in order of time: those of step t are from `edges[t]` to `edges[t + 1]`.

    `parents` (states) are places within the step before, 0 in the first; `words` (states) index `distinct`,
    the ids of the words that are read; `sentences` (states) index the batch. Padding has no state.
    """

    edges: list[int]
    parents: Ints
    words: Ints
    distinct: Ints
    sentences: Ints
    wanted: WantedWords

    @property
    def count(self) -> int:
        return self.edges[-1]


def plan(inputs: NDArray[np.int32], targets: NDArray[np.int32], *, shares: bool) -> SentencePlan:
    """Of sentences (B, T) with 0 on the right as padding of `targets`.

    With `shares`, sentences that begin alike have one state there: it is computed once and every word wanted
    of it counts. Without, each sentence has states of its own, of which masks can differ.
    """
    is_real = targets > 0
    rows = np.where(is_real, inputs, -1).astype(np.int64)
    levels, places = (prefix_tree.tree_of if shares else prefix_tree.unshared)(rows)
    levels = tuple(level for level in levels if len(level.words))
    owners, sentences = places[is_real], np.nonzero(is_real)[0]
    distinct, words = np.unique(np.concatenate([level.words for level in levels]), return_inverse=True)
    first = np.zeros(len(words), np.int64)
    first[owners] = sentences
    return SentencePlan(
        edges=[0, *np.cumsum([len(level.words) for level in levels]).tolist()],
        parents=np.concatenate([level.parents for level in levels]),
        words=words,
        distinct=distinct,
        sentences=first,
        wanted=wanted_words(owners, targets[is_real].astype(np.int64)),
    )
