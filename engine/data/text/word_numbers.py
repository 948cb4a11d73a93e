"""Words numbered in order of appearance; the numbers are kept in temporary files, so memory stays bounded."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.data.text.tokeniser import UNKNOWN, Tokeniser

LONGEST_WORD = 64  # characters; a longer word becomes unknown
LONGEST_SENTENCE = 200  # words; a longer sentence is cut into several
MOST_WORDS = 1_000_000  # different words; later ones become unknown
BUFFER = 1 << 20  # numbers in memory before they are written
OVERFLOW = 0


class Lexicon(dict[str, int]):
    """Word -> provisional number from 1, in order of appearance; OVERFLOW for words that get none."""

    def __missing__(self, word: str) -> int:
        if len(word) > LONGEST_WORD or len(self) >= MOST_WORDS or word == UNKNOWN:
            return OVERFLOW
        return self.setdefault(word, len(self) + 1)


@dataclass(slots=True)
class NumberSpool:
    """Numbers appended to a temporary file, then mapped as one array."""

    folder: Path
    kind: str  # array's type code
    count: int = 0
    _file: BinaryIO = field(init=False)
    _held: array[int] = field(init=False)

    def __post_init__(self) -> None:
        self._file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115
        self._held = array(self.kind)

    def extend(self, numbers: Iterable[int]) -> None:
        before = len(self._held)
        self._held.extend(numbers)
        self.count += len(self._held) - before
        if len(self._held) > BUFFER:
            self.flush()

    def flush(self) -> None:
        self._held.tofile(self._file)
        self._held = array(self.kind)

    def as_array(self) -> NDArray[np.int32]:
        """All numbers, memory-mapped. Raises ValueError if there are none."""
        self.flush()
        self._file.flush()
        return np.memmap(self._file, np.dtype(self.kind), "r")


@dataclass(slots=True)
class WordCounts:
    """Provisional numbers of the words of all sentences added, and the sentence lengths."""

    folder: Path
    tokeniser: Tokeniser
    lexicon: Lexicon = field(default_factory=Lexicon)
    numbers: NumberSpool = field(init=False)
    lengths: NumberSpool = field(init=False)
    cut: int = 0

    def __post_init__(self) -> None:
        self.numbers, self.lengths = NumberSpool(self.folder, "i"), NumberSpool(self.folder, "i")

    def add(self, sentences: Iterable[str]) -> None:
        number = self.lexicon.__getitem__
        lengths = []
        # One call for many sentences: normalising is cheap only in bulk.
        for line in self.tokeniser.normalise("\n".join(sentences)).split("\n"):
            words = line.split()
            if not words:
                continue
            self.numbers.extend(map(number, words))
            if len(words) <= LONGEST_SENTENCE:
                lengths.append(len(words))
            else:
                lengths += _pieces(len(words))
                self.cut += 1
        self.lengths.extend(lengths)

    def count(self) -> int:
        """The number of sentences so far."""
        return self.lengths.count

    @property
    def is_full(self) -> bool:
        return len(self.lexicon) >= MOST_WORDS


def _pieces(words: int) -> list[int]:
    whole, rest = divmod(words, LONGEST_SENTENCE)
    return [LONGEST_SENTENCE] * whole + [rest] * (rest > 0)
