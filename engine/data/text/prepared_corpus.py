"""A prepared corpus: the vocabulary and three parts of sentences as ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import Vocabulary

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Sentence n is ids[offsets[n] : offsets[n + 1]]: its real words only, first to last.

    <START> and <EOS> are added in batches. `offsets` has one more element than there are
    sentences; none is empty. Both arrays may be maps of a file, and are read only.
    """

    ids: Ids
    offsets: Offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> Ids:
        """Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(f"sentence {number} of {len(self)}")
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    def __iter__(self) -> Iterator[Ids]:
        return (self[number] for number in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each sentence."""
        return np.diff(self.offsets)

    @property
    def predictions(self) -> int:
        """The number of predictions behind a perplexity: every word, and an <EOS> per sentence."""
        return len(self.ids) + len(self)


@dataclass(frozen=True, slots=True, eq=False)
class TextSet:
    """`notice` is shown to the user: this replaces the requested corpus, or is a part of it. `facts` are the
    counts, shares and quantiles of corpus_preparation. `title` names the corpora that were read, `source` is
    the SHA-256 of their bytes, `fingerprint` that of the numbers made of them.
    """

    vocabulary: Vocabulary
    train: Sentences
    validation: Sentences
    test: Sentences
    fingerprint: str
    notice: str
    facts: Mapping[str, float]
    title: str
    source: str
