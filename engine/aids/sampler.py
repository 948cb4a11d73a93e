"""Temperature and top-k on a vocabulary of 50 words, and perplexity with and without padded places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.aids.softmax import softmax
from engine.params import number

WORDS = 50


@dataclass(frozen=True, slots=True)
class SamplerParams:
    T: float = number(1.0, "Temperature.", above=0, most=10, log=True)
    top_k: int = number(WORDS, "Likeliest words that are kept.", least=1, most=WORDS)
    perplexity: float = number(200.0, "True perplexity of a text.", least=1, most=100_000, log=True)
    tokens: int = number(20, "Words of the text.", least=1, most=1000)
    places: int = number(
        125, "Places of the padded text, paddings foreseen with certainty.", least=1, most=1000
    )


PARAMS = SamplerParams
VALUES = {
    "top": "probability of the likeliest word",
    "kept": "words that can be drawn",
    "entropy": "entropy of what is drawn, in nats",
    "own_perplexity": "perplexity of the distribution, e to its entropy",
    "reported": "perplexity if the loss is averaged over padded places too",
}


def compute(params: SamplerParams, seed: int) -> Aid:
    logits = np.sort(np.random.default_rng(seed).normal(0, 2, WORDS))[::-1] / params.T
    logits[params.top_k :] = -np.inf
    p = softmax(logits)
    positive = p[p > 0]
    entropy = float(-(positive * np.log(positive)).sum()) + 0.0
    real = min(params.tokens, params.places)
    values = {
        "top": float(p[0]),
        "kept": float(params.top_k),
        "entropy": entropy,
        "own_perplexity": math.exp(entropy),
        "reported": math.exp(real * math.log(params.perplexity) / params.places),
    }
    bars = [(f"word {number + 1}", float(one)) for number, one in enumerate(p[:20])]
    return Aid(values, drawings.bars(bars, unit="probability"))
