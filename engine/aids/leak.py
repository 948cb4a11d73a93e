"""Leak detector: random words have a perplexity that nobody can beat, unless the answer was read before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.result import Aid
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
    length: int = number(20, "Words of a sentence.", least=3, most=200)
    memory: int = number(200, "How many words back the reader can recall.", least=0, most=200)


PARAMS = LeakParams
VALUES = {
    "least": "least perplexity that the setup allows",
    "honest": "that of random words: how many there are",
    "leaked": "share of targets that were read before they are asked, within memory",
    "bits": "bits of each target that have to be guessed",
    "suspicious": "1 where a perplexity below the honest one is possible",
}


def compute(params: LeakParams, seed: int) -> Aid:
    shares = {setup: leaked(setup, params.length, params.memory) for setup in SETUPS}
    floors = {setup: params.words ** (1 - share) for setup, share in shares.items()}
    share = shares[params.setup]
    values = {
        "least": float(floors[params.setup]),
        "honest": float(params.words),
        "leaked": share,
        "bits": (1 - share) * math.log2(params.words),
        "suspicious": float(share > 0),
    }
    return Aid(values, drawings.bars(list(floors.items()), unit="perplexity"))


def leaked(setup: str, length: int, memory: int) -> float:
    """The share of targets that stand among the words read so far.

    The targets of word 1, 2, ... are word 2, 3, ...; go_backwards reads from the end, and what comes out
    first is held against the target of the first word.
    """
    if setup != "go_backwards":
        return 0.0
    count = 0
    for step in range(length - 1):  # it has read the words length - 1 - step and all behind it
        target = step + 1
        read_at = length - 1 - target
        count += 0 <= step - read_at <= memory
    return count / (length - 1)
