"""Words out of text, and text out of words."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text.tokeniser import Tokeniser
from engine.errors import DataError

PLAIN, MARKS = Tokeniser.PLAIN, Tokeniser.PUNCTUATION
HOSTILE = "\x1b]52;c;AAAA\x07 \x9b2J \u202egnp.exe\u200b \x00 \ud800 \ue000 \U000e0041 a\u0301"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't STOP, now!", "dont stop now"),
        ("A well-known two-year-old.", "a wellknown twoyearold"),
        ("it’s “quoted” — here…there", "its quoted here there"),
        ("citizens,--that is", "citizens that is"),
        ("costs $3.50 (50 %)", "costs 350 50"),
        ("<PAD> <unk> snake_case <Unk>,", "pad <UNK> snakecase <UNK>"),
        ("Cafe\u0301 CAFÉ", "café café"),
        ("  ", ""),
    ],
)
def test_plain_takes_out_case_and_punctuation(text: str, words: str) -> None:
    assert PLAIN.words(text) == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't STOP, now!", "don't stop , now !"),
        ("A well-known dog's 'bone'.", "a well-known dog's ' bone ' ."),
        ("it’s “quoted”--here...", 'it\'s " quoted " — here …'),
        ("costs $3.50 (50 %)", "costs $ 3.50 ( 50 % )"),
        ("1,000 or 2.5. e.g.,5 v.1", "1,000 or 2.5 . e . g . , 5 v . 1"),
        ("<PAD>", "< pad >"),
    ],
)
def test_punctuation_keeps_each_mark_as_a_word(text: str, words: str) -> None:
    assert MARKS.words(text) == words.split()


@pytest.mark.parametrize("text", ['he said: "don\'t (ever) stop!"', "a dog, a cat; a $5 bill.", "so … no?"])
def test_marks_go_back_to_where_they_stood(text: str) -> None:
    assert MARKS.sentence(MARKS.words(text)) == text.replace(" …", "…")


def test_the_ascii_case_is_that_of_the_course() -> None:
    text = 'A man\'s 2-year-old (son), "eating" #1 pie; with/without @home [cream]?\n'
    course = text.lower().translate(str.maketrans("", "", string.punctuation)).split()
    assert PLAIN.words(text) == course


def test_an_unknown_tokeniser_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match="no tokeniser 'bpe', expected plain or punctuation"):
        Tokeniser.named("bpe")


@pytest.mark.parametrize("tokeniser", Tokeniser)
def test_nothing_invisible_comes_through(tokeniser: Tokeniser) -> None:
    signs = "".join(tokeniser.words(HOSTILE))
    assert signs and not [sign for sign in signs if unicodedata.category(sign)[0] in "CZ"]


@given(text=st.text(), tokeniser=st.sampled_from(Tokeniser))
def test_words_of_any_text_are_visible_and_whole(text: str, tokeniser: Tokeniser) -> None:
    for word in tokeniser.words(text):
        assert word and not [sign for sign in word if unicodedata.category(sign)[0] in "CZ"]


@given(text=st.text(), tokeniser=st.sampled_from(Tokeniser))
def test_line_ends_stay_where_they_are(text: str, tokeniser: Tokeniser) -> None:
    alone = [tokeniser.words(line) for line in text.split("\n")]
    assert [line.split() for line in tokeniser.normalise(text).split("\n")] == alone


@given(text=st.text(alphabet=string.printable), tokeniser=st.sampled_from(Tokeniser))
def test_words_read_again_are_the_same_words(text: str, tokeniser: Tokeniser) -> None:
    words = tokeniser.words(text)
    assert tokeniser.words(" ".join(words)) == words
