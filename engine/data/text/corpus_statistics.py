"""What there is to know about a corpus before anything is trained on it."""

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


def gather_facts(compiled: WordIds) -> dict[str, float]:
    """Counts: sentences, words, distinct_words, vocabulary, <part>_sentences, <part>_words; duplicates (those
    that stood there before), validation_duplicates and test_duplicates (that the training part has too).

    Shares of the words of a part: <part>_unknown (<UNK>), <part>_unseen (known, but never trained on).
    Of sentences, in words: length_mean, length_p10, _p50, _p90, _p99, length_longest.
    """
    lengths = np.diff(compiled.offsets)
    facts: dict[str, float] = {
        "sentences": len(lengths),
        "words": len(compiled.numbers),
        "distinct_words": len(compiled.final) - 1,
        "vocabulary": len(compiled.words),
        "length_mean": float(lengths.mean()),
        "length_longest": int(lengths.max()),
    }
    for percent, length in zip(QUANTILES, np.percentile(lengths, QUANTILES), strict=True):
        facts[f"length_p{percent}"] = float(length)
    return facts | _part_facts(compiled) | _duplicate_facts(compiled)


def _part_facts(compiled: WordIds) -> dict[str, float]:
    facts: dict[str, float] = {}
    train = _id_counts(compiled, 0)
    for number, part in enumerate(PARTS):
        counts = _id_counts(compiled, number)
        words = int(counts.sum())
        facts[f"{part}_sentences"] = int(np.count_nonzero(compiled.parts == number))
        facts[f"{part}_words"] = words
        facts[f"{part}_unknown"] = float(counts[UNK] / words)
        unseen = counts[train == 0].sum() - (counts[UNK] if train[UNK] == 0 else 0)
        facts[f"{part}_unseen"] = float(unseen / words)
    return facts


def _id_counts(compiled: WordIds, part: int) -> NDArray[np.int64]:
    counts = np.zeros(len(compiled.words), np.int64)
    for ids in compiled.ids(part):
        counts += np.bincount(ids, minlength=len(counts))
    return counts


def _duplicate_facts(compiled: WordIds) -> dict[str, float]:
    hashes = np.concatenate([_hashes(compiled, span) for span in compiled.spans()])
    facts: dict[str, float] = {"duplicates": len(hashes) - len(np.unique(hashes))}
    train = np.unique(hashes[compiled.parts == 0])
    for number, part in enumerate(PARTS[1:], 1):
        facts[f"{part}_duplicates"] = int(np.isin(hashes[compiled.parts == number], train).sum())
    return facts


def _hashes(compiled: WordIds, span: slice) -> Hashes:
    """64 bits for each sentence: equal sentences have equal ones, and two others all but never."""
    rng = np.random.default_rng(HASH_SEED)
    factors = rng.integers(0, 1 << 64, LONGEST_SENTENCE, np.uint64) | np.uint64(1)
    offsets = compiled.offsets[span.start : span.stop + 1] - compiled.offsets[span.start]
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
    words = _mix(compiled.numbers_of(span).astype(np.uint64) + np.uint64(OVERFLOW + 1))
    return np.add.reduceat(_mix(words * factors[places]), offsets[:-1])


def _mix(numbers: Hashes) -> Hashes:
    """The finish of splitmix64: each bit of the input changes about half of the output's."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
