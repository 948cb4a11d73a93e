"""What a person reads for a word of a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol import Json
from tui.terminal.plain_text import plain

WORD = 40
EOS, END, START = "<EOS>", "(end)", "(start)"
"""what a vocabulary calls the end of a sentence, and what a person reads"""


def word_of(word: object, *, reverse: bool = False) -> str:
    """Safe to draw; a sentence's end, which a reversed model generates as its start, is none of its words."""
    return (START if reverse else END) if word == EOS else plain(str(word), limit=WORD)


def in_order(words: Sequence[Json], *, reverse: bool) -> Sequence[Json]:
    """The start of a sentence, which is what a reversed model generates last, before its words."""
    return [words[-1], *words[:-1]] if reverse and words and words[-1]["word"] == EOS else words
