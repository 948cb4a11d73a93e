"""Preparation of a corpus, done once: read, split into sentences, count words, assign ids, write arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.download import Report
from engine.data.text.array_file import ArrayWriter
from engine.data.text.corpus_cache import make_key
from engine.data.text.sentence_splitting import SentenceLayout, Splitter
from engine.data.text.split import LEAST, PARTS
from engine.data.text.text_file import TextFile, source_of
from engine.data.text.tokeniser import Tokeniser, is_unspaced
from engine.data.text.vocabulary import UNK
from engine.data.text.word_ids import WordIds, assign_ids, write_ids
from engine.data.text.word_numbers import LONGEST_SENTENCE, MOST_WORDS, OVERFLOW, WordCounts
from engine.errors import DataError

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


SENTENCES_PER_CALL = 4096  # sentences normalised per call
MEBIBYTE = 1 << 20
SAMPLE = 1 << 16  # characters
REPORT_EVERY = 64  # MiB


@dataclass(frozen=True, slots=True)
class CorpusPreparation:
    files: tuple[TextFile, ...]
    layouts: tuple[SentenceLayout, ...]
    tokeniser: Tokeniser
    vocabulary: int
    seed: int
    folder: Path
    report: Report
    _digests: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_digests", tuple(file.digest() for file in self.files))

    @property
    def source(self) -> str:
        """SHA-256 of the bytes that are read."""
        return source_of(self._digests)

    def key(self) -> str:
        """The cache key: a hash of the bytes that are read and of everything that is done to them."""
        return make_key(
            digests=self._digests,
            layouts=self.layouts,
            encodings=[file.encoding for file in self.files],
            tokeniser=self.tokeniser,
            vocabulary=self.vocabulary,
            seed=self.seed,
        )

    def write(self, writer: ArrayWriter) -> None:
        """Raises DataError for a corpus that cannot be read, or of too few sentences."""
        word_counts, samples = WordCounts(self.folder, self.tokeniser), []
        for file, layout, digest in zip(self.files, self.layouts, self._digests, strict=True):
            samples.append(self._read(file, layout, word_counts))
            if file.digest() != digest:  # the ids of other bytes must not be cached under this key
                raise DataError(f"{file.name} was changed while it was read.", "Try again.")
        self._check(word_counts.count())
        if word_counts.is_full:
            self.report(f"More than {MOST_WORDS:,} different words: those that came later are unknown ones.")
        word_ids = assign_ids(word_counts, self.vocabulary, self.seed)
        write_ids(word_ids, writer)
        facts = {"cut_sentences": word_counts.cut, "unspaced": int(any(map(is_unspaced, samples)))}
        writer.finish(gather_facts(word_ids) | facts)

    def _check(self, sentences: int) -> None:
        if sentences < LEAST:
            names = ", ".join(file.name for file in self.files)
            raise DataError(
                f"{names} holds {sentences or 'no'} sentence{'' if sentences == 1 else 's'}, "
                f"expected {LEAST} or more: one to train on, one to validate, one to test."
            )

    def _read(self, file: TextFile, layout: SentenceLayout, word_counts: WordCounts) -> str:
        """Read a file into `word_counts`; returns the beginning of its text."""
        splitter, read, sample = Splitter(layout), 0, ""
        for block in file.blocks():
            sample = sample or block[:SAMPLE].strip()
            _add(word_counts, splitter.feed(block))
            before, read = read, read + len(block)
            if before // (REPORT_EVERY * MEBIBYTE) < read // (REPORT_EVERY * MEBIBYTE):
                self.report(f"Reading {file.name}: {read // MEBIBYTE:,} million characters")
        _add(word_counts, splitter.close())
        return sample


def _add(word_counts: WordCounts, sentences: Iterator[str]) -> None:
    while batch := list(islice(sentences, SENTENCES_PER_CALL)):
        word_counts.add(batch)
