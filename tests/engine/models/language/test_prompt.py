"""What a person typed is cut into words, or refused in one line."""

from __future__ import annotations

import pytest

from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.errors import DataError
from engine.models.language.prompt import TEXT_LIMIT, parse_seed, split_at_blank, tokenise
from tests.fakes.hostile_text import PAYLOADS

VOCABULARY = Vocabulary((*RESERVED, "i", "love", "cupcakes"))


def test_words_that_are_not_known_are_marked() -> None:
    prompt = tokenise(VOCABULARY, "I LOVE, frosted cupcakes!")
    assert prompt.words == ("i", "love", "frosted", "cupcakes")
    assert prompt.ids == (4, 5, 2, 6)
    assert prompt.unknown == ("frosted",)


@pytest.mark.parametrize(
    "text", ["i\rlove\x07cupcakes", "\ufeffi lo\u00adve\u2028cup\u200bcakes", "i love\ufe0f cupcakes"]
)
def test_invisible_characters_are_no_words(text: str) -> None:
    assert tokenise(VOCABULARY, text).words == ("i", "love", "cupcakes")


def test_an_unknown_word_as_corpora_write_it_is_the_models_own() -> None:
    prompt = tokenise(VOCABULARY, "I love <unk> cupcakes")
    assert (prompt.words, prompt.ids) == (("i", "love", "<UNK>", "cupcakes"), (4, 5, 2, 6))


def test_reserved_words_cannot_be_typed() -> None:
    assert not {0, 1, 3} & set(tokenise(VOCABULARY, "<EOS> <PAD> <START> eos").ids)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The text is empty"),
        (" \t\n", "The text is empty"),
        ("!?!", "'!\\?!' holds no word"),
        ("\u200b\ufe0f", "holds no word"),
        ("i \ud83d", "Character 3 of the text is half a character"),
        ("x" * (TEXT_LIMIT + 1), "has 20,001 characters, at most 20,000"),
        (7, "Expected a text, got '7'"),
    ],
)
def test_an_unusable_text_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        tokenise(VOCABULARY, text)
    assert "\n" not in caught.value.message
    assert caught.value.message.isprintable()


def test_a_seed_wholly_out_of_the_vocabulary_is_refused_with_a_hint() -> None:
    with pytest.raises(DataError, match="knows 3 words, but none of 'cupcake'") as caught:
        parse_seed(VOCABULARY, "cupcake")
    assert caught.value.remedy == "Spelled alike: cupcakes."


def test_a_seed_may_be_empty_or_partly_unknown() -> None:
    assert parse_seed(VOCABULARY, "").ids == ()
    assert parse_seed(VOCABULARY, "i xyz").ids == (4, 2)


def test_a_text_is_split_at_its_blank() -> None:
    left, right = split_at_blank(VOCABULARY, "i ___ cupcakes")
    assert (left.words, right.words) == (("i",), ("cupcakes",))
    assert split_at_blank(VOCABULARY, "____ love cupcakes")[0].ids == ()


@pytest.mark.parametrize("text", ["i love cupcakes", "i ___ love ___", "___"])
def test_a_text_without_exactly_one_blank_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="blank"):
        split_at_blank(VOCABULARY, text)


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_becomes_words_or_one_printable_line(text: str) -> None:
    try:
        assert all(word.isprintable() for word in tokenise(VOCABULARY, text).words)
    except DataError as error:
        assert error.message.isprintable()
