"""Small corpora numbered without files, for the tests."""

from __future__ import annotations

from pathlib import Path

from engine.data.text.tokeniser import Tokeniser
from engine.data.text.word_ids import WordIds, assign_ids
from engine.data.text.word_numbers import WordCounts


def tally_of(folder: Path, sentences: list[str], tokeniser: Tokeniser = Tokeniser.PLAIN) -> WordCounts:
    tally = WordCounts(folder, tokeniser)
    tally.add(sentences)
    return tally


def compile_sentences(folder: Path, sentences: list[str], limit: int = 1000, seed: int = 1) -> WordIds:
    return assign_ids(tally_of(folder, sentences), limit, seed)
