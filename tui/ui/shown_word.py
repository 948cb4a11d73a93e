"""Words of a vocabulary as they are displayed."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol import Json
from tui.terminal.plain_text import plain

WORD = 40
EOS, END, START = "<EOS>", "(end)", "(start)"
"""the end-of-sentence token of a vocabulary, and what is displayed for it"""


def word_of(word: object, *, reverse: bool = False) -> str:
    """The word, safe to draw; of the end-of-sentence token (reversed: start), a text that no word has."""
    return (START if reverse else END) if word == EOS else plain(str(word), limit=WORD)


def in_order(words: Sequence[Json], *, reverse: bool) -> Sequence[Json]:
    """The words in reading order: the start of a sentence, which a reversed model generates last, first."""
    return [words[-1], *words[:-1]] if reverse and words and words[-1]["word"] == EOS else words
