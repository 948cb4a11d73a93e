"""From provisional word numbers to the ids of a vocabulary, per part, a chunk of words at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.data.text.array_file import ArrayWriter
from engine.data.text.prepared_corpus import Ids, Offsets
from engine.data.text.split import PARTS, split
from engine.data.text.vocabulary import RESERVED, UNK
from engine.data.text.word_numbers import WordCounts

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class WordIds:
    """Sentence n is numbers[offsets[n] : offsets[n + 1]] and belongs to PARTS[parts[n]]; `final` maps
    provisional numbers to ids of `words`.
    """

    words: tuple[str, ...]
    numbers: Ids
    offsets: Offsets
    parts: NDArray[np.int8]
    final: Ids

    def spans(self) -> Iterator[slice]:
        """Ranges of sentences with about CHUNK words."""
        edges = np.searchsorted(self.offsets, np.arange(0, len(self.numbers) + CHUNK, CHUNK), "left")
        edges = np.unique(np.minimum(edges, len(self.parts)))
        for first, last in pairwise(edges.tolist()):
            yield slice(first, last)

    def numbers_of(self, span: slice) -> Ids:
        return self.numbers[self.offsets[span.start] : self.offsets[span.stop]]

    def parts_of_words(self, span: slice) -> NDArray[np.int8]:
        return np.repeat(self.parts[span], np.diff(self.offsets[span.start : span.stop + 1]))

    def ids(self, part: int) -> Iterator[Ids]:
        for span in self.spans():
            yield self.final[self.numbers_of(span)[self.parts_of_words(span) == part]]


def assign_ids(word_counts: WordCounts, limit: int, seed: int) -> WordIds:
    """Ids for a vocabulary of at most `limit` ids: the most frequent words of the whole corpus, ties in
    alphabetical order."""
    numbers, lengths = word_counts.numbers.as_array(), word_counts.lengths.as_array()
    names = list(word_counts.lexicon)
    counts = _count(numbers, len(names) + 1)[1:]
    chosen = _commonest(names, counts, limit - len(RESERVED))
    final = np.full(len(names) + 1, UNK, np.int32)
    final[chosen + 1] = np.arange(len(RESERVED), len(RESERVED) + len(chosen))
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    words = (*RESERVED, *(names[number] for number in chosen))
    return WordIds(words, numbers, offsets, split(len(lengths), seed), final)


def write_ids(word_ids: WordIds, writer: ArrayWriter) -> None:
    lengths = np.diff(word_ids.offsets)
    for number, part in enumerate(PARTS):
        writer.add(f"{part}.ids", "int32", word_ids.ids(number))
        ends = np.cumsum(lengths[word_ids.parts == number])
        writer.add(f"{part}.offsets", "int64", [np.zeros(1, np.int64), ends])
    text = "\n".join(word_ids.words).encode()
    writer.add("words", "uint8", [np.frombuffer(text, np.uint8)])


def _count(numbers: Ids, size: int) -> NDArray[np.int64]:
    counts = np.zeros(size, np.int64)
    for first in range(0, len(numbers), CHUNK):
        counts += np.bincount(numbers[first : first + CHUNK], minlength=size)
    return counts


def _commonest(names: list[str], counts: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """Indices of the most frequent words; only candidates are sorted by name."""
    if wanted < len(counts):
        least = np.partition(counts, len(counts) - wanted)[len(counts) - wanted]
    else:
        least = np.int64(1)
    candidates = np.flatnonzero(counts >= least).tolist()
    candidates.sort(key=lambda number: (-counts[number], names[number]))
    return np.array(candidates[:wanted], np.int64)
