"""Preparation of a corpus, done once: read, split into sentences, count words, assign ids, write arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from engine.data.download import Report
from engine.data.text.array_file import ArrayWriter
from engine.data.text.corpus_cache import make_key
from engine.data.text.corpus_statistics import gather_facts
from engine.data.text.sentence_layout import SentenceLayout, Splitter
from engine.data.text.split import LEAST
from engine.data.text.text_file import TextFile, source_of
from engine.data.text.tokeniser import Tokeniser
from engine.data.text.word_counts import MOST_WORDS, WordCounts
from engine.data.text.word_ids import assign_ids, write_ids
from engine.data.text.word_spacing import is_unspaced
from engine.errors import DataError

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
