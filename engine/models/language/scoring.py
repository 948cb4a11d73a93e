"""Log-probabilities, ranks and perplexities of given sentences."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language import output_layer
from engine.models.language.model import NEVER, LanguageModel
from engine.models.language.prefix_tree import prefixes
from engine.models.language.weights import Floats

ROWS = 256
"""rows of scores in memory at once when ranks are computed: (256, V) float32"""
TOKENS = 1 << 16
"""words of the sentences read at once"""
CELLS = 1 << 21
"""cells of their table, padding included"""
THREADS = 4
MIN_WORDS_PER_THREAD = 256
"""words of sentences from which on a thread is worth its cost"""

Logps = NDArray[np.float64]
Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSentence:
    """One sentence of n words: for each word as written, and last for `<EOS>`, n + 1 values.

    `ids` the words, `logps` their natural log-probabilities, `ranks` their places among all words, 1 the most
    probable.
    For a reversed model, which reads from the right, the values are in the order of the words as well.
    """

    ids: tuple[int, ...]
    logps: tuple[float, ...]
    ranks: tuple[int, ...]

    @property
    def unknown(self) -> int:
        """Number of <UNK>: the model has a probability for some unknown word, not for a particular one."""
        return self.ids.count(UNK)

    @property
    def logp(self) -> float:
        """Log-probability of the sentence with its end, without unknown words."""
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
    """exp(-logp / words); infinite where it overflows."""
    mean = -logp / words
    return math.exp(mean) if mean < 700 else math.inf


def score(
    model: LanguageModel, sentences: Sequence[Sequence[int]], *, ranks: bool = True, threads: int = 0
) -> list[ScoredSentence]:
    """Score sentences of ids as written, without <START> and <EOS>. Without `ranks` it is faster, and ranks
    are 0.

    `threads` 0 uses the available cores, up to four. The number changes results in their last digits at most.
    """
    read = [model.in_reading_order(sentence) for sentence in sentences]
    order = sorted(range(len(read)), key=read.__getitem__)
    parts = list(_parts(read, order, threads or _cores()))

    def work(part: Sequence[int]) -> list[ScoredSentence]:
        return _score(model, [read[place] for place in part], ranks)

    scored = _in_threads(work, parts, threads or _cores())
    found: list[ScoredSentence | None] = [None] * len(read)
    for place, one in zip(chain(*parts), chain(*scored), strict=True):
        found[place] = one
    return [one for one in found if one is not None]


def _in_threads(
    work: Callable[[Sequence[int]], list[ScoredSentence]], parts: Sequence[Sequence[int]], threads: int
) -> list[list[ScoredSentence]]:
    """Run `work` in a thread per part, with BLAS limited to one thread each."""
    if min(threads, len(parts)) < 2:
        return [work(part) for part in parts]
    one = ThreadpoolController().limit(limits=1, user_api="blas")
    with one, ThreadPoolExecutor(min(threads, len(parts))) as pool:
        return list(pool.map(work, parts))


def _cores() -> int:
    return min(THREADS, len(os.sched_getaffinity(0)))


def _parts(read: Sequence[Sequence[int]], order: Sequence[int], threads: int) -> Iterator[Sequence[int]]:
    """Slices of the sorted sentences that fit in memory; for many sentences at least one per thread."""
    share = sum(len(sentence) + 1 for sentence in read) / threads
    most_words = min(TOKENS, max(MIN_WORDS_PER_THREAD, share))
    start = tokens = longest = 0
    for place, number in enumerate(order):
        size = len(read[number]) + 1
        tokens, longest = tokens + size, max(longest, size)
        if place > start and (tokens > most_words + size or longest * (place + 1 - start) > CELLS):
            yield order[start:place]
            start, tokens, longest = place, size, size
    if start < len(order):
        yield order[start:]


def _score(model: LanguageModel, sentences: Sequence[Sequence[int]], ranks: bool) -> list[ScoredSentence]:
    """Score sentences given in reading order."""
    tree = prefixes(sentences)
    is_word = tree.places >= 0
    codes = tree.places[is_word] * len(model.vocabulary) + tree.targets[is_word]
    pairs, inverse = np.unique(codes, return_inverse=True)
    score_pairs = _ranked_pairs if ranks else _pairs
    logps, places = score_pairs(model, model.read_tree(tree), *np.divmod(pairs, len(model.vocabulary)))
    flat, ranked = logps[inverse], places[inverse]
    ends = np.cumsum(is_word.sum(axis=1))
    return [
        _scored(model, sentence, flat[end - len(sentence) - 1 : end], ranked[end - len(sentence) - 1 : end])
        for sentence, end in zip(sentences, ends, strict=True)
    ]


def _scored(model: LanguageModel, sentence: Sequence[int], logps: Logps, ranks: Ranks) -> ScoredSentence:
    values, places = logps.tolist(), ranks.tolist()
    if model.is_reversed:
        values[:-1], places[:-1] = values[-2::-1], places[-2::-1]
    return ScoredSentence((*model.in_reading_order(sentence), EOS), tuple(values), tuple(places))


def _pairs(model: LanguageModel, features: Floats, rows: Ranks, words: Ranks) -> tuple[Logps, Ranks]:
    """Log-probabilities of words after prefixes; ranks 0."""
    sums = output_layer.all_log_sums(model.weights, features)
    found = output_layer.scores_of_words(model.weights, features, rows, words).astype(np.float64)
    return found - sums[rows], np.zeros(len(rows), np.int64)


def _ranked_pairs(model: LanguageModel, features: Floats, rows: Ranks, words: Ranks) -> tuple[Logps, Ranks]:
    """Log-probability and rank of words after prefixes; `rows` are sorted."""
    logps, places = np.empty(len(rows)), np.zeros(len(rows), np.int64)
    for start in range(0, len(features), ROWS):
        scores = output_layer.scores(model.weights, features[start : start + ROWS])
        first, last = np.searchsorted(rows, (start, start + ROWS))
        here, words_here = rows[first:last] - start, words[first:last]
        found = scores[here, words_here].astype(np.float64)
        places[first:last] = _ranks(scores, here, words_here)
        logps[first:last] = found - output_layer.log_sums(scores)[here]
    return logps, places


def _ranks(scores: Floats, rows: Ranks, words: Ranks) -> Ranks:
    """Rank 1 is the most probable word. Ids in NEVER are not counted."""
    found = np.empty(len(rows), np.int64)
    for place, (row, word) in enumerate(zip(rows, words, strict=True)):
        above = scores[row] > scores[row, word]
        found[place] = 1 + np.count_nonzero(above) - np.count_nonzero(above[list(NEVER)])
    return found
