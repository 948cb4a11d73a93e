"""Leak detector: random words have a perplexity that nobody can beat, unless the answer was read before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.result import OF, Aid
from engine.params import choice, number

SETUPS = ("forward", "reversed", "go_backwards")


@dataclass(frozen=True, slots=True)
class LeakParams:
    setup: str = choice(
        "go_backwards",
        "Forward, sentences reversed, or go_backwards of Keras with targets left in order.",
        SETUPS,
    )
    words: int = number(12, "Words that are drawn, each as likely.", least=2, most=1000, log=True)
    length: int = number(12, "Words of a sentence.", least=3, most=200)
    memory: int = number(200, "How many words back the reader can recall.", least=0, most=200)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


PARAMS = LeakParams
VALUES = {
    "least": "least perplexity that the setup allows",
    "honest": "that of random words: how many there are",
    "leaked": "share of targets that were read before they are asked, within memory",
    "bits": "bits of each target that have to be guessed",
    "suspicious": "1 where a perplexity below the honest one is possible",
    "measured": "perplexity that your run has reached on sentences it was not trained on",
}


def compute(params: LeakParams, seed: int) -> Aid:
    floors = {setup: _floor(setup, params.words, params.length, params.memory) for setup in SETUPS}
    values = _values(params.setup, params.words, params.length, params.memory)
    return Aid(values, drawings.bars(list(floors.items()), unit="perplexity"))


def of_run(params: LeakParams, words: int, length: int, measured: Mapping[str, float]) -> Aid:
    """Of a run of the experiment `leak`: the perplexities it has reached, beside the least ones."""
    values = _values(params.setup, words, length, params.memory) | {"measured": measured[params.setup]}
    bars = [
        bar
        for setup in SETUPS
        for bar in (
            (f"{setup}, least", _floor(setup, words, length, params.memory)),
            (f"{setup}, measured", measured[setup]),
        )
    ]
    return Aid(values, drawings.bars(bars, unit="perplexity") | {"unused": ["words", "length"]})


def _floor(setup: str, words: int, length: int, memory: int) -> float:
    return float(words ** (1 - leaked(setup, length, memory)))


def _values(setup: str, words: int, length: int, memory: int) -> dict[str, float]:
    share = leaked(setup, length, memory)
    return {
        "least": _floor(setup, words, length, memory),
        "honest": float(words),
        "leaked": share,
        "bits": (1 - share) * math.log2(words),
        "suspicious": float(share > 0),
    }


def leaked(setup: str, length: int, memory: int) -> float:
    """The share of targets that stand among the words read so far.

    All words but the last are read, and the targets of word 1, 2, ... are word 2, 3, ... Without memory a
    reader knows the word that it has just read. go_backwards reads from the end, and what comes out first is
    held against the target of the first word.
    """
    if setup != "go_backwards":
        return 0.0
    count = 0
    for step in range(length - 1):  # it has read word number length - 2 - step and those behind it
        target = step + 1
        read_at = length - 2 - target
        count += 0 <= read_at <= step <= read_at + memory
    return count / (length - 1)
