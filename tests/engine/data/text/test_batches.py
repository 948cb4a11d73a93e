"""No word lost, none twice, padding only at the right, targets the inputs shifted by one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text.batches import (
    Direction,
    SentenceBatch,
    assemble,
    batch_count,
    batches,
    random_batches,
    sorted_batches,
)
from engine.data.text.prepared_corpus import Sentences
from engine.data.text.vocabulary import EOS, PAD, START

Lists = list[list[int]]
corpora = st.lists(
    st.lists(st.integers(2, 99).filter(lambda n: n != EOS), min_size=1, max_size=9), min_size=1
)
sizes = st.integers(1, 12)
directions: st.SearchStrategy[Direction] = st.sampled_from(["forward", "reversed"])


def pack(sentences: Lists) -> Sentences:
    offsets = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
    return Sentences(np.array([word for words in sentences for word in words], np.int32), offsets)


def rows(batch: SentenceBatch) -> Iterator[tuple[list[int], list[int]]]:
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        length = targets.index(EOS) + 1
        assert inputs[length:] == targets[length:] == [PAD] * (len(targets) - length)
        assert PAD not in inputs[:length] + targets[:length]
        yield inputs[:length], targets[:length]


def check(made: list[SentenceBatch], sentences: Lists, direction: Direction) -> None:
    seen = []
    for batch in made:
        assert batch.inputs.dtype == batch.targets.dtype == np.int32
        assert batch.real == np.count_nonzero(batch.targets)
        for inputs, targets in rows(batch):
            assert inputs[0] == START and targets[-1] == EOS and inputs[1:] == targets[:-1]
            words = targets[:-1]
            seen.append(tuple(words if direction == "forward" else words[::-1]))
    assert Counter(seen) == Counter(map(tuple, sentences))


@given(corpora, sizes, st.integers(0, 2**63), st.integers(0, 2**40), directions)
def test_an_epoch_has_every_sentence_once(
    sentences: Lists, size: int, seed: int, epoch: int, direction: Direction
) -> None:
    packed = pack(sentences)
    made = list(batches(packed, size, seed, epoch, direction))
    check(made, sentences, direction)
    assert len(made) == batch_count(packed, size)
    assert sum(batch.real for batch in made) == packed.predictions


@given(corpora, sizes, directions)
def test_the_other_two_ways_lose_nothing_either(sentences: Lists, size: int, direction: Direction) -> None:
    packed = pack(sentences)
    check(list(sorted_batches(packed, size, direction)), sentences, direction)
    check(list(random_batches(packed, size, 1, 2, direction)), sentences, direction)


@given(corpora, sizes)
def test_lengths_in_a_batch_are_neighbours(sentences: Lists, size: int) -> None:
    made = [sorted(len(t) for _, t in rows(b)) for b in batches(pack(sentences), size, 5, 6, "forward")]
    made.sort(key=lambda lengths: (lengths[0], lengths[-1]))
    assert [length for lengths in made for length in lengths] == sorted(len(words) + 1 for words in sentences)


@given(corpora, sizes, st.integers(0, 20))
def test_a_later_start_is_the_rest_of_the_same_epoch(sentences: Lists, size: int, start: int) -> None:
    packed = pack(sentences)
    whole = list(batches(packed, size, 1, 2, "reversed"))
    rest = list(batches(packed, size, 1, 2, "reversed", start=start))
    assert [b.targets.tolist() for b in rest] == [b.targets.tolist() for b in whole[start:]]


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    packed = pack([[n] * (n % 7 + 1) for n in range(4, 90)])

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [batch.inputs.tolist() for batch in batches(packed, 8, seed, epoch, "forward")]

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3) != order(2, 3)


def test_reversed_turns_words_round_and_leaves_the_ends() -> None:
    batch = assemble(pack([[10, 11, 12], [20]]), np.array([0, 1]), "reversed")
    assert batch.inputs.tolist() == [[START, 12, 11, 10], [START, 20, 0, 0]]
    assert batch.targets.tolist() == [[12, 11, 10, EOS], [20, EOS, 0, 0]]


def test_widths_can_be_multiples() -> None:
    packed = pack([[5] * n for n in range(1, 20)])
    wide = list(batches(packed, 4, 0, 0, "forward", multiple=8))
    assert {batch.inputs.shape[1] for batch in wide} == {8, 16, 24}
    check(wide, [[5] * n for n in range(1, 20)], "forward")


@pytest.mark.parametrize("size", [0, -1])
def test_an_impossible_batch_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        batch_count(pack([[5]]), size)


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="expected forward or reversed"):
        next(batches(pack([[5]]), 1, 0, 0, "sideways"))


def test_a_batch_takes_less_than_a_millisecond() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 40, 20_000)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    sentences = Sentences(rng.integers(4, 10_000, offsets[-1]).astype(np.int32), offsets)
    best = min(_time(sentences) for _ in range(3))
    assert best / batch_count(sentences, 128) < 1e-3


def _time(sentences: Sentences) -> float:
    began = time.process_time()
    for _ in batches(sentences, 128, 1, 1, "reversed"):
        pass
    return time.process_time() - began
