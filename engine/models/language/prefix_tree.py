"""The beginnings of sentences as a tree: what several sentences begin with is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, START

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The prefixes that are one word longer than those of the level before.

    `parents` (n) index the level before, `words` (n) are the last words of the prefixes.
    """

    parents: Ints
    words: Ints


@dataclass(frozen=True, slots=True, eq=False)
class PrefixTree:
    """`places` (sentences, longest + 1): the index of each prefix, counted over all levels; `targets`, of the
    same shape, is the word that comes after it. -1 where a sentence has ended before.
    """

    levels: tuple[Level, ...]
    places: Ints
    targets: Ints

    @property
    def size(self) -> int:
        return sum(len(level.words) for level in self.levels)


def prefixes(sentences: Sequence[Sequence[int]]) -> PrefixTree:
    """The tree of sentences of word ids in the reading order of the model, without <START> and <EOS>."""
    rows = _table(sentences)
    levels, places = tree_of(rows)
    return PrefixTree(levels, places, _targets(rows))


def tree_of(rows: Ints) -> tuple[tuple[Level, ...], Ints]:
    """The levels of the tree of sentences (sentences, longest), -1 after the last word, and the place of each
    of their prefixes, as in PrefixTree."""
    order = np.lexsort(rows.T[::-1])
    is_new = np.ones(rows.shape, bool)
    is_new[1:] = np.logical_or.accumulate(rows[order[1:]] != rows[order[:-1]], axis=1)
    is_new &= rows[order] >= 0
    levels: list[Level] = []
    places, first = np.full(rows.shape, -1, np.int64), 0
    for column in range(rows.shape[1]):
        new = order[is_new[:, column]]
        numbers = np.cumsum(is_new[:, column]) - 1
        above = (
            places[new, column - 1] - (first - len(levels[-1].words))
            if column
            else np.zeros(len(new), np.int64)
        )
        levels.append(Level(above, rows[new, column]))
        here = rows[order, column] >= 0
        places[order[here], column] = first + numbers[here]
        first += len(new)
    return tuple(levels), places


def unshared(rows: Ints) -> tuple[tuple[Level, ...], Ints]:
    """The same where each sentence is a branch of its own, whatever others begin with."""
    levels: list[Level] = []
    places, first = np.full(rows.shape, -1, np.int64), 0
    for column, words in enumerate(rows.T):
        [here] = np.nonzero(words >= 0)
        above = places[here, column - 1] - (first - len(levels[-1].words)) if column else np.zeros_like(here)
        levels.append(Level(above, words[here]))
        places[here, column] = first + np.arange(len(here))
        first += len(here)
    return tuple(levels), places


def _table(sentences: Sequence[Sequence[int]]) -> Ints:
    """(sentences, longest + 1), <START> first, -1 after the last word."""
    rows = np.full((len(sentences), 1 + max(map(len, sentences))), -1, np.int64)
    rows[:, 0] = START
    for row, sentence in zip(rows, sentences, strict=True):
        row[1 : 1 + len(sentence)] = sentence
    return rows


def _targets(rows: Ints) -> Ints:
    """The word after each word: the next one, <EOS> after the last."""
    targets = np.full(rows.shape, -1, np.int64)
    targets[:, :-1] = rows[:, 1:]
    targets[(targets < 0) & (rows >= 0)] = EOS
    return targets
