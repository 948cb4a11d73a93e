"""Words and their numbers."""

from __future__ import annotations

import hashlib

import pytest

from engine.data.text.tokeniser import Tokeniser
from engine.data.text.vocabulary import EOS, PAD, RESERVED, START, UNK, Vocabulary, read_vocabulary
from engine.errors import DataError

CATS = Vocabulary((*RESERVED, "cat", "a", "sat"))


def test_known_words_have_numbers_and_the_others_are_unknown() -> None:
    assert CATS.ids("A cat, sat ON a mat!") == [5, 4, 6, UNK, 5, UNK]
    assert "cat" in CATS and "dog" not in CATS and len(CATS) == 7


def test_a_reserved_word_in_a_text_is_only_a_word() -> None:
    marks = Vocabulary((*RESERVED, "<", ">", "pad"), Tokeniser.PUNCTUATION)
    assert marks.ids("<PAD>") == [4, 6, 5]
    assert marks.id("<PAD>") == marks.id("<EOS>") == UNK and "<START>" not in marks


def test_ids_become_a_text_without_ends_and_padding() -> None:
    assert CATS.text([START, 5, 4, UNK, EOS, PAD, PAD]) == "a cat <UNK>"


def test_the_checksum_is_that_of_the_file() -> None:
    content = "<PAD>\n<START>\n<UNK>\n<EOS>\ncat\na\nsat\n"
    assert CATS.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert read_vocabulary(content.splitlines()) == CATS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cat",), "begins with"),
        ((*RESERVED, "cat", "cat"), "1 words twice"),
        ((*RESERVED, ""), "Word 4 of the vocabulary is ''"),
        ((*RESERVED, "a", "\x1b[2J"), "Word 5 of the vocabulary is '.x1b.2J'"),
        ((*RESERVED, "two words"), "printable characters only"),
        ((*RESERVED, "\u202eb"), "printable characters only"),
    ],
)
def test_a_damaged_list_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_vocabulary(words)
