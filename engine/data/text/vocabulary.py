"""The vocabulary of a language model: words and their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.data.text.tokeniser import UNKNOWN, Tokeniser, is_invisible
from engine.errors import DataError

PAD, START, UNK, EOS = range(4)
RESERVED = ("<PAD>", "<START>", UNKNOWN, "<EOS>")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`words` in the order of their ids, the four reserved ones first. Raises DataError."""

    words: tuple[str, ...]
    tokeniser: Tokeniser = Tokeniser.PLAIN
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.words)
        object.__setattr__(self, "_numbers", {word: number for number, word in enumerate(self.words)})

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Whether a word has an id; reserved words count as unknown."""
        return isinstance(word, str) and self._numbers.get(word, UNK) > EOS

    def id(self, word: str) -> int:
        """The id of a word as the tokeniser makes it; <UNK> if it is unknown."""
        number = self._numbers.get(word, UNK)
        return number if number > EOS else UNK

    def ids(self, text: str) -> list[int]:
        """One per word of `text`; without <START> and <EOS>."""
        return [self.id(word) for word in self.tokeniser.words(text)]

    def text(self, ids: Iterable[int]) -> str:
        """Readable text, without <START>, <EOS> and padding."""
        return self.tokeniser.sentence([self.words[n] for n in ids if n not in (PAD, START, EOS)])

    @property
    def sha256(self) -> str:
        """SHA-256 of `vocabulary.txt`: UTF-8, one word per line, a newline after each."""
        return hashlib.sha256("".join(f"{word}\n" for word in self.words).encode()).hexdigest()


def read_vocabulary(lines: Sequence[str], tokeniser: str = "plain") -> Vocabulary:
    """From the lines of a `vocabulary.txt`, without their ends. Raises DataError."""
    return Vocabulary(tuple(lines), Tokeniser.named(tokeniser))


def _check(words: tuple[str, ...]) -> None:
    if words[: len(RESERVED)] != RESERVED:
        raise DataError(f"The vocabulary begins with {words[:4]}, expected {RESERVED}.")
    if len(set(words)) != len(words):
        raise DataError(f"The vocabulary has {len(words) - len(set(words))} words twice, expected each once.")
    if not all(words) or _is_unfit("".join(words)):
        number = next(n for n, word in enumerate(words) if not word or _is_unfit(word))
        raise DataError(
            f"Word {number} of the vocabulary is {words[number]!r}, expected printable characters only."
        )


def _is_unfit(text: str) -> bool:
    return any(is_invisible(character) or character.isspace() for character in set(text))
