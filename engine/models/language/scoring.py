"""How probable given words are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language import head, lstm
from engine.models.language.model import NEVER, Model
from engine.models.language.prefixes import Prefixes, prefixes
from engine.models.language.weights import Floats

ROWS = 256
"""rows of scores that are held at once: (256, V) float32"""
TOKENS = 1 << 16
"""words of the sentences that are read at once"""
CELLS = 1 << 21
"""places of their table, padding included"""

Logps = NDArray[np.float64]
Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One sentence of n words: for each word as written, and last for `<EOS>`, n + 1 values.

    `ids` the words, `logps` their natural log-probabilities, `ranks` their places among all words, 1 the most
    probable.
    A reversed model has read them from the right; the values stand where their words stand.
    """

    ids: tuple[int, ...]
    logps: tuple[float, ...]
    ranks: tuple[int, ...]

    @property
    def unknown(self) -> int:
        """Words that the model does not know: it says how probable some unknown word is, not which."""
        return self.ids.count(UNK)

    @property
    def logp(self) -> float:
        """Of the sentence, its end included, its unknown words left out."""
        return math.fsum(logp for number, logp in zip(self.ids, self.logps, strict=True) if number != UNK)

    @property
    def perplexity(self) -> float:
        """exp of the mean surprise per word, `<EOS>` counted, unknown words left out."""
        return perplexity(self.logp, len(self.ids) - self.unknown)

    @property
    def full_logp(self) -> float:
        """With `<UNK>` counted for each unknown word, as in the perplexities of training."""
        return math.fsum(self.logps)


def perplexity(logp: float, words: int) -> float:
    """Infinite when it is beyond what a float holds."""
    mean = -logp / words
    return math.exp(mean) if mean < 700 else math.inf


def score(model: Model, sentences: Sequence[Sequence[int]], *, ranks: bool = True) -> list[Scored]:
    """Of sentences of ids as written, without their ends. Without `ranks` those are 0, and it is faster."""
    scored: list[Scored] = []
    for part in _parts(sentences):
        scored += _score(model, part, ranks)
    return scored


def _parts(sentences: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Slices that are small enough to be held."""
    start = tokens = longest = 0
    for place, sentence in enumerate(sentences):
        size = len(sentence) + 1
        tokens, longest = tokens + size, max(longest, size)
        if place > start and (tokens > TOKENS or longest * (place + 1 - start) > CELLS):
            yield sentences[start:place]
            start, tokens, longest = place, size, size
    if start < len(sentences):
        yield sentences[start:]


def _score(model: Model, sentences: Sequence[Sequence[int]], ranks: bool) -> list[Scored]:
    tree = prefixes([model.in_reading_order(sentence) for sentence in sentences])
    told = tree.places >= 0
    codes = tree.places[told] * len(model.vocabulary) + tree.targets[told]
    pairs, inverse = np.unique(codes, return_inverse=True)
    logps, places = _pair_scores(model, read(model, tree), pairs, ranks)
    flat, ranked = logps[inverse], places[inverse]
    ends = np.cumsum(told.sum(axis=1))
    return [
        _scored(model, sentence, flat[end - len(sentence) - 1 : end], ranked[end - len(sentence) - 1 : end])
        for sentence, end in zip(sentences, ends, strict=True)
    ]


def _scored(model: Model, sentence: Sequence[int], logps: Logps, ranks: Ranks) -> Scored:
    values, places = logps.tolist(), ranks.tolist()
    if model.is_reversed:
        values[:-1], places[:-1] = values[-2::-1], places[-2::-1]
    return Scored((*sentence, EOS), tuple(values), tuple(places))


def read(model: Model, tree: Prefixes) -> Floats:
    """The features (beginnings, E or H) of every beginning in the tree, level by level."""
    weights = model.weights
    words = np.unique(np.concatenate([level.words for level in tree.levels]))
    into = lstm.projected(weights, weights.embedding[words])
    state = lstm.blank(weights, 1)
    tops = []
    for level in tree.levels:
        state = lstm.step(weights, into[np.searchsorted(words, level.words)], state.of(level.parents))
        tops.append(state.top)
    return head.features(weights, np.concatenate(tops))


def _pair_scores(model: Model, features: Floats, pairs: Ranks, ranks: bool) -> tuple[Logps, Ranks]:
    """Log-probability and rank of each of `pairs`: numbers beginning * V + word, sorted."""
    logps, places = np.empty(len(pairs)), np.zeros(len(pairs), np.int64)
    beginnings, targets = np.divmod(pairs, len(model.vocabulary))
    for start in range(0, len(features), ROWS):
        scores = head.scores(model.weights, features[start : start + ROWS])
        first, last = np.searchsorted(beginnings, (start, start + ROWS))
        rows, words = beginnings[first:last] - start, targets[first:last]
        found = scores[rows, words].astype(np.float64)
        if ranks:
            places[first:last] = _ranks(scores, rows, words)
        logps[first:last] = found - head.log_sums(scores)[rows]
    return logps, places


def _ranks(scores: Floats, rows: Ranks, words: Ranks) -> Ranks:
    """1 for the most probable. Words that are never offered do not count."""
    found = np.empty(len(rows), np.int64)
    for place, (row, word) in enumerate(zip(rows, words, strict=True)):
        above = scores[row] > scores[row, word]
        found[place] = 1 + np.count_nonzero(above) - np.count_nonzero(above[list(NEVER)])
    return found
