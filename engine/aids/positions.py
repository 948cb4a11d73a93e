"""Positions: sines and cosines, their products, and a test with words in another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.attention_rule import weights
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import flag, number

LONGEST_WAVE = 10_000


@dataclass(frozen=True, slots=True)
class PositionsParams:
    d: int = number(16, "Dimension, half of it sines and half cosines.", least=2, most=128)
    places: int = number(24, "Places.", least=2, most=128)
    distance: int = number(3, "Distance at which two places are compared.", least=0, most=127)
    causal: bool = flag(False, "Whether the test of permuted words has a mask.")


PARAMS = PositionsParams
VALUES = {
    "square": "product of a place with itself, d / 2",
    "product": "product of two places at this distance",
    "spread": "largest difference of that product between pairs at one distance",
    "permuted": "largest change of the outputs, put back in order, when words are permuted",
}


def compute(params: PositionsParams, seed: int) -> Aid:
    codes = encoding(params.places, params.d)
    gram = codes @ codes.T
    at = min(params.distance, params.places - 1)
    diagonal = np.diagonal(gram, at)
    values = {
        "square": float(gram[0, 0]),
        "product": float(diagonal.mean()),
        "spread": float(np.ptp(diagonal)),
        "permuted": permuted(params.places, params.causal, seed),
    }
    names = [str(place) for place in range(params.places)]
    return Aid(values, drawings.heat(names, names, gram.tolist()))


def encoding(places: int, d: int) -> Floats:
    """(places, d): sin and cos of place · 10000^(-2 i / d); an odd d counts as the even one below."""
    rates = LONGEST_WAVE ** (-2 * np.arange(d // 2) / d)
    angles = np.arange(places)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def permuted(places: int, causal: bool, seed: int) -> float:
    """Attention without positions on random words, before and after they are permuted."""
    source = np.random.default_rng(seed)
    x = source.normal(size=(places, 8))
    order = np.roll(np.arange(places), 1)
    before = weights(x, x, causal) @ x
    after = weights(x[order], x[order], causal) @ x[order]
    return float(np.abs(after - before[order]).max())
