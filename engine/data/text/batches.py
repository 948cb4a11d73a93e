"""Batches of sentences of similar length: padded on the right, targets are the inputs shifted by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.example_order import order
from engine.data.text.prepared_corpus import Sentences
from engine.data.text.vocabulary import EOS, START

Direction = Literal["forward", "reversed"]
Numbers = NDArray[np.int64]
HALF = 1 << 63
"""no run reaches this epoch: batch order and sentence order share no random stream"""


@dataclass(frozen=True, slots=True, eq=False)
class SentenceBatch:
    """Row b is one sentence: inputs <START> w1 .. wn, targets w1 .. wn <EOS>, then 0 in both.

    Both are int32 (B, T), T = the longest sentence + 1. `real` counts the targets that are not padding.
    """

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    real: int


def batches(
    sentences: Sentences,
    batch_size: int,
    seed: int,
    epoch: int,
    direction: Direction,
    *,
    start: int = 0,
    multiple: int = 1,
) -> Iterator[SentenceBatch]:
    """Every sentence once, in batches of similar length; a function of (seed, epoch) alone.

    The first `start` batches are skipped without being assembled. T is rounded up to a `multiple`, for
    compilers that need few shapes. Raises ValueError.
    """
    for rows in bucketed_rows(sentences, batch_size, seed, epoch)[start:]:
        yield assemble(sentences, rows, direction, multiple)


def sorted_batches(sentences: Sentences, batch_size: int, direction: Direction) -> Iterator[SentenceBatch]:
    """Shortest first, always in the same order: the batches of the notebook and of every evaluation."""
    for rows in sorted_rows(sentences, batch_size):
        yield assemble(sentences, rows, direction)


def random_batches(
    sentences: Sentences, batch_size: int, seed: int, epoch: int, direction: Direction
) -> Iterator[SentenceBatch]:
    """Batches of random sentences, mostly padding, as in textbooks. For comparison."""
    for rows in _cut(order(seed, epoch, len(sentences)), batch_size):
        yield assemble(sentences, rows, direction)


def batch_count(sentences: Sentences, batch_size: int) -> int:
    """Batches in an epoch; the last one may be smaller. Raises ValueError."""
    _check(batch_size)
    return -(-len(sentences) // batch_size)


def bucketed_rows(sentences: Sentences, batch_size: int, seed: int, epoch: int) -> list[Numbers]:
    """The sentence indices of each batch, random among sentences of one length."""
    shuffled = order(seed, epoch, len(sentences))
    by_length = shuffled[np.argsort(sentences.lengths[shuffled], kind="stable")]
    cut = _cut(by_length, batch_size)
    return [cut[number] for number in order(seed, epoch ^ HALF, len(cut))]


def sorted_rows(sentences: Sentences, batch_size: int) -> list[Numbers]:
    return _cut(np.argsort(sentences.lengths, kind="stable"), batch_size)


def assemble(sentences: Sentences, rows: Numbers, direction: Direction, multiple: int = 1) -> SentenceBatch:
    """The batch of the sentences `rows`; `reversed` reverses the real words, <START> and <EOS> keep their
    places."""
    starts = sentences.offsets[rows]
    lengths = sentences.offsets[rows + 1] - starts
    width = -(-(int(lengths.max()) + 1) // multiple) * multiple
    places = np.arange(width - 1)
    is_real = places < lengths[:, None]
    if direction == "reversed":
        where = (starts + lengths - 1)[:, None] - places
    elif direction == "forward":
        where = starts[:, None] + places
    else:
        raise ValueError(f"direction is {direction!r}, expected forward or reversed")
    words = np.where(is_real, sentences.ids[np.where(is_real, where, 0)], 0)
    inputs = np.zeros((len(rows), width), np.int32)
    inputs[:, 0] = START
    inputs[:, 1:] = words
    targets = np.zeros((len(rows), width), np.int32)
    targets[:, :-1] = words
    targets[np.arange(len(rows)), lengths] = EOS
    return SentenceBatch(inputs, targets, int(lengths.sum()) + len(rows))


def _cut(rows: Numbers, batch_size: int) -> list[Numbers]:
    _check(batch_size)
    return [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]


def _check(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch size is {batch_size}, expected 1 or more")
