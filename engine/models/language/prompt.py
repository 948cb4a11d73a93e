"""Text input of a user as words of a model, with one-line errors for what cannot be used."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from engine.data.text.vocabulary import EOS, UNK, Vocabulary
from engine.errors import TextError

TEXT_LIMIT = 20_000  # characters of one text
SHOWN_CHARACTERS = 40
BLANK = re.compile("__+")
SIMILAR_LIMIT = 20_000  # words searched for a similar spelling


@dataclass(frozen=True, slots=True)
class Prompt:
    """`words` as written and their `ids`; <UNK> for words that are not in the vocabulary."""

    words: tuple[str, ...]
    ids: tuple[int, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(word for word, number in zip(self.words, self.ids, strict=True) if number == UNK)


def tokenise(vocabulary: Vocabulary, text: str) -> Prompt:
    """Tokenise like a corpus: control characters separate words, invisible characters are dropped.

    Raises TextError for a text that is too long or has no word.
    """
    _check(text)
    words = tuple(vocabulary.tokeniser.words(text))
    if not words:
        problem = f"{_short(text)} holds no word" if text.strip() else "The text is empty"
        raise TextError(f"{problem}, expected at least one word.")
    return Prompt(words, tuple(vocabulary.id(word) for word in words))


def parse_seed(vocabulary: Vocabulary, text: str) -> Prompt:
    """As `tokenise`, for the seed of a generation: it may be empty, but at least one of its words must be
    known."""
    _check(text)
    if not text.strip():
        return Prompt((), ())
    prompt = tokenise(vocabulary, text)
    if all(number == UNK for number in prompt.ids):
        raise TextError(
            f"The model knows {len(vocabulary) - EOS - 1:,} words, but none of {_short(text)}.",
            _hint(vocabulary, prompt.words[0]),
        )
    return prompt


def split_at_blank(vocabulary: Vocabulary, text: str) -> tuple[Prompt, Prompt]:
    """The text left and right of the one blank, written ___. Raises TextError."""
    _check(text)
    parts = BLANK.split(text)
    if len(parts) != 2:
        raise TextError(f"Expected one blank, got {len(parts) - 1}.", "Write it as ___: i ___ cupcakes")
    if not text.replace("_", "").strip():
        raise TextError("The text is a blank alone, expected words beside it.")
    left, right = (parse_seed(vocabulary, part) for part in parts)
    return left, right


def _check(text: object) -> None:
    if not isinstance(text, str):
        raise TextError(f"Expected a text, got {_short(str(text))}.")
    if len(text) > TEXT_LIMIT:
        raise TextError(
            f"The text has {len(text):,} characters, at most {TEXT_LIMIT:,} can be read at once.",
            "Score a long text as a file: dltui score --file",
        )
    for place, character in enumerate(text, 1):
        if unicodedata.category(character) == "Cs":
            raise TextError(f"Character {place} of the text is half a character (U+{ord(character):04X}).")


def _hint(vocabulary: Vocabulary, word: str) -> str:
    similar = difflib.get_close_matches(word, vocabulary.words[EOS + 1 : SIMILAR_LIMIT], n=3, cutoff=0.6)
    return f"Spelled alike: {', '.join(similar)}." if similar else "Try other words."


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")
