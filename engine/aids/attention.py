"""Heads of attention that one can name: what they look at, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.attention_rule import weights
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.errors import ParamError
from engine.params import choice, flag, number, text

HEADS = ("previous word", "first word", "same word", "all alike", "random")
MOST_WORDS = 24


@dataclass(frozen=True, slots=True)
class AttentionParams:
    words: str = text("the cat saw the dog and the cat ran", "Words that are read, at most 24.")
    head: str = choice("same word", "What the head looks for.", HEADS)
    sharpness: float = number(6.0, "How steep it is.", least=0, most=50)
    causal: bool = flag(True, "Whether words that come later are hidden.")
    row: int = number(8, "Word that looks, from 1.", least=1, most=MOST_WORDS)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)
    block: int = number(1, "Block of your transformer.", least=1, most=64)
    number: int = number(1, "Head of that block.", least=1, most=64)

    def check(self) -> None:
        split(self.words)


PARAMS = AttentionParams
VALUES = {
    "looks_at": "place that the word looks at most, from 1",
    "weight": "weight of that place",
    "itself": "weight of the word itself",
    "row_sum": "sum of its weights",
    "later": "largest weight on a word that comes later, over all words",
    "entropy": "entropy of its weights, in nats",
}


def split(words: str) -> list[str]:
    """Raises ParamError."""
    found = words.lower().split()
    if not 1 <= len(found) <= MOST_WORDS:
        raise ParamError(f"words: expected 1 to {MOST_WORDS} words, got {len(found)}.")
    return found


def compute(params: AttentionParams, seed: int) -> Aid:
    words = split(params.words)
    table = looks(words, params.head, params.sharpness, params.causal, seed)
    return shown(words, table, params.row, ("block", "number"))


def shown(words: Sequence[str], table: Floats, wanted: int, unused: Sequence[str]) -> Aid:
    """What the word at place `wanted` looks at, of weights (T, T); `unused` controls are hidden."""
    at = min(wanted, len(words)) - 1
    row = table[at]
    positive = row[row > 0]
    values = {
        "looks_at": float(row.argmax() + 1),
        "weight": float(row.max()),
        "itself": float(row[at]),
        "row_sum": float(row.sum()),
        "later": float(np.triu(table, 1).max()),
        "entropy": float(-(positive * np.log(positive)).sum()) + 0.0,
    }
    return Aid(values, drawings.heat(words, words, table.tolist()) | {"unused": list(unused)})


def looks(words: list[str], head: str, sharpness: float, causal: bool, seed: int) -> Floats:
    """(T, T): each query and each key is one number of 1 among zeros, so a match scores `sharpness`."""
    places = np.eye(len(words))
    if head == "previous word":
        q, k = np.eye(len(words), k=-1), places  # the first word has none before it
    elif head == "first word":
        q, k = np.tile(places[0], (len(words), 1)), places
    elif head == "same word":
        kinds = sorted(set(words))
        q = k = np.eye(len(kinds))[[kinds.index(word) for word in words]]
    elif head == "all alike":
        q, k = np.zeros_like(places), places
    else:
        q, k = np.random.default_rng(seed).normal(size=(2, len(words), 8)) / 8**0.25
    return weights(q * sharpness, k, causal, scaled=False)
