"""What a person typed, cut into the words of a model; what cannot be used is said in one line."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from engine.data.text.vocabulary import EOS, UNK, Vocabulary
from engine.errors import TextError

TEXT_LIMIT = 20_000  # characters of one text
SHOWN = 40
BLANK = re.compile("__+")
NEAR_LIMIT = 20_000  # words searched for one that is spelled alike


@dataclass(frozen=True, slots=True)
class Prompt:
    """`ids` of `words`, in the order in which they were written; <UNK> for those the model does not know."""

    words: tuple[str, ...]
    ids: tuple[int, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(word for word, number in zip(self.words, self.ids, strict=True) if number == UNK)


def cut(vocabulary: Vocabulary, text: str) -> Prompt:
    """Read as a corpus is: control characters part words, what nobody can see is no part of one.

    Raises TextError for a text that is too long or has no word in it.
    """
    _check(text)
    words = tuple(vocabulary.tokeniser.words(text))
    if not words:
        said = f"{_short(text)} holds no word" if text.strip() else "The text is empty"
        raise TextError(f"{said}, expected at least one word.")
    return Prompt(words, tuple(vocabulary.id(word) for word in words))


def seed_of(vocabulary: Vocabulary, text: str) -> Prompt:
    """As `cut`, for a text that a model shall go on from: it may be empty, but not unknown word for word."""
    _check(text)
    if not text.strip():
        return Prompt((), ())
    prompt = cut(vocabulary, text)
    if all(number == UNK for number in prompt.ids):
        raise TextError(
            f"The model knows {len(vocabulary) - EOS - 1:,} words, but none of {_short(text)}.",
            _hint(vocabulary, prompt.words[0]),
        )
    return prompt


def parted(vocabulary: Vocabulary, text: str) -> tuple[Prompt, Prompt]:
    """What stands left and right of the one blank, written ___. Raises TextError."""
    _check(text)
    parts = BLANK.split(text)
    if len(parts) != 2:
        raise TextError(f"Expected one blank, got {len(parts) - 1}.", "Write it as ___: i ___ cupcakes")
    if not text.replace("_", "").strip():
        raise TextError("The text is a blank alone, expected words beside it.")
    left, right = (seed_of(vocabulary, part) for part in parts)
    return left, right


def _check(text: object) -> None:
    if not isinstance(text, str):
        raise TextError(f"Expected a text, got {_short(str(text))}.")
    if len(text) > TEXT_LIMIT:
        raise TextError(
            f"The text has {len(text):,} characters, at most {TEXT_LIMIT:,} can be read at once.",
            "Score a long text as a file: dltui score --file",
        )
    for place, sign in enumerate(text, 1):
        if unicodedata.category(sign) == "Cs":
            raise TextError(f"Character {place} of the text is half a character (U+{ord(sign):04X}).")


def _hint(vocabulary: Vocabulary, word: str) -> str:
    near = difflib.get_close_matches(word, vocabulary.words[EOS + 1 : NEAR_LIMIT], n=3, cutoff=0.6)
    return f"Spelled alike: {', '.join(near)}." if near else "Try other words."


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
