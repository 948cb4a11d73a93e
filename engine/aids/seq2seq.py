"""Reverse a sentence: through one vector of d numbers, or by attention to the state of every word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.softmax import softmax
from engine.params import number

WORDS, SENTENCES = 20, 40


@dataclass(frozen=True, slots=True)
class Seq2seqParams:
    length: int = number(8, "Words of a sentence.", least=2, most=40)
    d: int = number(64, "Numbers of the vector between.", least=4, most=512, log=True)
    sharpness: float = number(
        8.0, "How steep the attention is; 0 looks at all words alike.", least=0, most=50
    )


PARAMS = Seq2seqParams
VALUES = {
    "one_vector": "share of words that come back out of one vector",
    "attention": "share of words that come back by attention",
    "best_places": "share of outputs that look most at the word they need, from the end backwards",
    "weight": "weight of that word",
    "row_sum": "sum of the weights of one output",
    "chance": "share that is right by chance",
}


def compute(params: Seq2seqParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    sentences = source.integers(0, WORDS, (SENTENCES, params.length))
    weights = attention(params.length, params.sharpness)
    wanted = np.arange(params.length)[::-1]
    values = {
        "one_vector": through_one_vector(sentences, params.d, source),
        "attention": through_attention(sentences, weights),
        "best_places": float((weights.argmax(axis=1) == wanted).mean()),
        "weight": float(weights[0, wanted[0]]),
        "row_sum": float(weights[0].sum()),
        "chance": 1 / WORDS,
    }
    names = [str(place + 1) for place in range(params.length)]
    return Aid(values, drawings.heat([f"out {name}" for name in names], names, weights.tolist()))


def attention(length: int, sharpness: float) -> Floats:
    """(T, T): output t asks for place T - 1 - t, every place answers to its own number alone."""
    return softmax(sharpness * np.eye(length)[::-1])


def through_attention(sentences: np.ndarray[tuple[int, int], np.dtype[np.int64]], weights: Floats) -> float:
    """Each output is the word whose weight is largest; of equal ones the one before."""
    mixed = np.einsum("ts,nsw->ntw", weights, np.eye(WORDS)[sentences])
    return float((mixed.argmax(axis=2) == sentences[:, ::-1]).mean())


def through_one_vector(
    sentences: np.ndarray[tuple[int, int], np.dtype[np.int64]], d: int, source: np.random.Generator
) -> float:
    """The vector is the sum of the words, each times the signs of its place; a place is asked with its
    signs."""
    words = source.choice([-1.0, 1.0], (WORDS, d))
    signs = source.choice([-1.0, 1.0], (sentences.shape[1], d))
    between = (words[sentences] * signs).sum(axis=1)
    scores = np.einsum("nd,td,wd->ntw", between, signs, words)
    return float((scores.argmax(axis=2) == sentences).mean())
