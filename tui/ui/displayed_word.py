"""Words of a vocabulary as they are displayed."""

from __future__ import annotations

from collections.abc import Sequence

from engine.session_protocol.language import WordScore
from tui.terminal.plain_text import plain

WORD = 40
EOS, BEGIN, UNKNOWN = "<EOS>", "<START>", "<UNK>"
"""the tokens of a vocabulary that are no words"""
END, START = "(end)", "(start)"


def word_of(word: object, *, reverse: bool = False) -> str:
    """The word, safe to draw; of a token that is none, a text that no word has: (unknown) for `<UNK>`.

    A reversed model reads from the end of the sentence: its first token is the end, its last the start.
    """
    tokens = {EOS: START if reverse else END, BEGIN: END if reverse else START, UNKNOWN: "(unknown)"}
    return tokens.get(str(word)) or plain(str(word), limit=WORD)


def in_order(words: Sequence[WordScore], *, reverse: bool) -> Sequence[WordScore]:
    """The words in reading order: the start of a sentence, which a reversed model generates last, first."""
    return [words[-1], *words[:-1]] if reverse and words and words[-1].word == EOS else words
