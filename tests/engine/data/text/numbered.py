"""Small corpora numbered without files, for the tests."""

from __future__ import annotations

from pathlib import Path

from engine.data.text.compilation import Compilation, compile_tally
from engine.data.text.tally import Tally
from engine.data.text.tokeniser import Tokeniser


def tally_of(folder: Path, sentences: list[str], tokeniser: Tokeniser = Tokeniser.PLAIN) -> Tally:
    tally = Tally(folder, tokeniser)
    tally.add(sentences)
    return tally


def compile_sentences(folder: Path, sentences: list[str], limit: int = 1000, seed: int = 1) -> Compilation:
    return compile_tally(tally_of(folder, sentences), limit, seed)
