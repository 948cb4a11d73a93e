"""Statistics of a prepared corpus: counts, shares of unknown words, sentence lengths, duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.text.split import PARTS
from engine.data.text.vocabulary import UNK
from engine.data.text.word_counts import LONGEST_SENTENCE, OVERFLOW
from engine.data.text.word_ids import WordIds

QUANTILES = (10, 50, 90, 99)
HASH_SEED = 0x5EED
Hashes = NDArray[np.uint64]


def gather_facts(word_ids: WordIds) -> dict[str, float]:
    """Counts: sentences, words, distinct_words, vocabulary, <part>_sentences, <part>_words; duplicates
    (sentences that occur earlier), validation_duplicates and test_duplicates (that also occur in the training
    part).

    Shares of the words of a part: <part>_unknown (<UNK>), <part>_unseen (in the vocabulary, but not in the
    training part). Of sentences, in words: length_mean, length_p10, _p50, _p90, _p99, length_longest.
    """
    lengths = np.diff(word_ids.offsets)
    facts: dict[str, float] = {
        "sentences": len(lengths),
        "words": len(word_ids.numbers),
        "distinct_words": len(word_ids.final) - 1,
        "vocabulary": len(word_ids.words),
        "length_mean": float(lengths.mean()),
        "length_longest": int(lengths.max()),
    }
    for percent, length in zip(QUANTILES, np.percentile(lengths, QUANTILES), strict=True):
        facts[f"length_p{percent}"] = float(length)
    return facts | _part_facts(word_ids) | _duplicate_facts(word_ids)


def _part_facts(word_ids: WordIds) -> dict[str, float]:
    facts: dict[str, float] = {}
    train = _id_counts(word_ids, 0)
    for number, part in enumerate(PARTS):
        counts = _id_counts(word_ids, number)
        words = int(counts.sum())
        facts[f"{part}_sentences"] = int(np.count_nonzero(word_ids.parts == number))
        facts[f"{part}_words"] = words
        facts[f"{part}_unknown"] = float(counts[UNK] / words)
        unseen = counts[train == 0].sum() - (counts[UNK] if train[UNK] == 0 else 0)
        facts[f"{part}_unseen"] = float(unseen / words)
    return facts


def _id_counts(word_ids: WordIds, part: int) -> NDArray[np.int64]:
    counts = np.zeros(len(word_ids.words), np.int64)
    for ids in word_ids.ids(part):
        counts += np.bincount(ids, minlength=len(counts))
    return counts


def _duplicate_facts(word_ids: WordIds) -> dict[str, float]:
    hashes = np.concatenate([_hashes(word_ids, span) for span in word_ids.spans()])
    facts: dict[str, float] = {"duplicates": len(hashes) - len(np.unique(hashes))}
    train = np.unique(hashes[word_ids.parts == 0])
    for number, part in enumerate(PARTS[1:], 1):
        facts[f"{part}_duplicates"] = int(np.isin(hashes[word_ids.parts == number], train).sum())
    return facts


def _hashes(word_ids: WordIds, span: slice) -> Hashes:
    """64-bit hashes of the sentences; a collision of different sentences is very unlikely."""
    rng = np.random.default_rng(HASH_SEED)
    factors = rng.integers(0, 1 << 64, LONGEST_SENTENCE, np.uint64) | np.uint64(1)
    offsets = word_ids.offsets[span.start : span.stop + 1] - word_ids.offsets[span.start]
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
    words = _mix(word_ids.numbers_of(span).astype(np.uint64) + np.uint64(OVERFLOW + 1))
    return np.add.reduceat(_mix(words * factors[places]), offsets[:-1])


def _mix(numbers: Hashes) -> Hashes:
    """The finish of splitmix64: each bit of the input changes about half of the output's."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
