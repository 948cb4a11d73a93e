"""Words numbered in order of appearance."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.text import word_numbers as room
from engine.data.text.word_numbers import (
    LONGEST_SENTENCE,
    LONGEST_WORD,
    OVERFLOW,
    Lexicon,
    NumberSpool,
)
from tests.engine.data.text.numbered import tally_of


def test_words_are_numbered_in_the_order_they_come_in(tmp_path: Path) -> None:
    tally = tally_of(tmp_path, ["The cat sat.", "", "A cat, the cat!", "..."])
    assert tally.numbers.as_array().tolist() == [1, 2, 3, 4, 2, 1, 2]
    assert tally.lengths.as_array().tolist() == [3, 4] and tally.count() == 2
    assert list(tally.lexicon) == ["the", "cat", "sat", "a"]


def test_a_sentence_too_long_goes_on_as_the_next(tmp_path: Path) -> None:
    tally = tally_of(tmp_path, ["word " * (2 * LONGEST_SENTENCE + 1), "word " * LONGEST_SENTENCE])
    assert tally.lengths.as_array().tolist() == [LONGEST_SENTENCE, LONGEST_SENTENCE, 1, LONGEST_SENTENCE]
    assert tally.cut == 1 and tally.count() == 4


def test_a_word_too_long_is_unknown() -> None:
    lexicon = Lexicon()
    assert lexicon["x" * (LONGEST_WORD + 1)] == OVERFLOW and lexicon["x" * LONGEST_WORD] == 1


def test_words_beyond_the_limit_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_WORDS", 2)
    lexicon = Lexicon()
    assert [lexicon[word] for word in "abcab"] == [1, 2, OVERFLOW, 1, 2]
    assert len(lexicon) == 2


def test_numbers_wait_on_disk_and_come_back_as_one_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BUFFER", 10)
    spool = NumberSpool(tmp_path, "i")
    for first in range(0, 100, 7):
        spool.extend(range(first, min(first + 7, 100)))
    assert spool.as_array().tolist() == list(range(100)) and spool.count == 100
    assert list(tmp_path.iterdir()) == []
