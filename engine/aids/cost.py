"""What length costs: multiply-adds, bytes and seconds of attention and of an LSTM that read T words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.softmax import softmax
from engine.params import choice, number

BY = ("multiply-adds", "seconds")
MOST_WORDS = 2048
"""that are read to measure the time"""
MOST_WIDTH = 512
"""with which the time is measured"""
BLOCK = 128
"""words between two moments at which other work gets its turn"""
LENGTHS = 4
"""that are measured, each twice the one before"""
TRIES = 3
"""of each measurement; the fastest counts"""


@dataclass(frozen=True, slots=True)
class CostParams:
    T: int = number(1024, "Words of the text.", least=1, most=1_000_000, log=True)
    d: int = number(256, "Width.", least=1, most=16_384, log=True)
    heads: int = number(4, "Heads of attention.", least=1, most=128)
    by: str = choice("multiply-adds", "Counted multiply-adds, or seconds measured on this machine.", BY)


PARAMS = CostParams
VALUES = {
    "attention": "multiply-adds of one layer of attention, 4 T d² + 2 T² d",
    "lstm": "multiply-adds of one layer of an LSTM, 8 T d²",
    "ratio": "the first over the second",
    "bytes": "bytes of the weights between all words, 4 T² for each head",
    "state_bytes": "bytes of the state of an LSTM, 8 d, at any length",
    "doubled": "how many times the multiply-adds of attention grow when T doubles",
    "equal_at": "T from which on attention costs more",
    "steps_in_a_row": "steps of an LSTM that wait for one another; attention has one",
    "measured_words": "words that were read to measure the seconds, 2,048 at most",
    "measured_width": "width with which they were read, 512 at most",
    "attention_seconds": "seconds of one core for attention over these words",
    "lstm_seconds": "seconds of one core for the LSTM over these words",
    "growth": "seconds of attention over these words, over those for half as many",
}


def computing(params: CostParams, seed: int) -> Pieces[Aid]:
    values = counted(params)
    if params.by == BY[0]:
        return Aid(values, _counted_curves(params))
    seconds = yield from measured(params, seed)
    lengths = list(seconds)
    of_attention, of_lstm = zip(*seconds.values(), strict=True)
    values |= {
        "measured_words": float(lengths[-1]),
        "measured_width": float(width(params)),
        "attention_seconds": of_attention[-1],
        "lstm_seconds": of_lstm[-1],
    }
    if len(lengths) > 1:
        values["growth"] = of_attention[-1] / of_attention[-2]
    lines = [("attention", lengths, of_attention), ("LSTM", lengths, of_lstm)]
    return Aid(values, drawings.curves("words", "seconds", lines, log_x=True, log_y=True))


def compute(params: CostParams, seed: int) -> Aid:
    return finish(computing(params, seed))


def counted(params: CostParams) -> dict[str, float]:
    t, d = params.T, params.d
    return {
        "attention": attention(t, d),
        "lstm": lstm(t, d),
        "ratio": attention(t, d) / lstm(t, d),
        "bytes": 4.0 * t * t * params.heads,
        "state_bytes": 8.0 * d,
        "doubled": attention(2 * t, d) / attention(t, d),
        "equal_at": 2.0 * d,
        "steps_in_a_row": float(t),
    }


def _counted_curves(params: CostParams) -> dict[str, Any]:
    t, d = params.T, params.d
    lengths = np.unique(np.round(np.geomspace(max(1, t / 64), t * 8, 24))).astype(int).tolist()
    lines = [
        ("attention", lengths, [attention(length, d) for length in lengths]),
        ("LSTM", lengths, [lstm(length, d) for length in lengths]),
    ]
    marks = [("T", float(t), attention(t, d))]
    return drawings.curves("words", "multiply-adds", lines, marks, log_x=True, log_y=True)


def measured(params: CostParams, seed: int) -> Pieces[dict[int, tuple[float, float]]]:
    """Seconds of attention and of the LSTM by number of words: the most that is measured, its half, ..."""
    d, heads = width(params), min(params.heads, width(params))
    source, found = np.random.default_rng(seed), dict[int, tuple[float, float]]()
    weights = (source.normal(size=(8, d, d)) / np.sqrt(d)).astype(np.float32)
    longest = min(params.T, MOST_WORDS)
    for length in sorted({max(1, longest >> halved) for halved in range(LENGTHS)}):
        x = source.normal(size=(length, d)).astype(np.float32)
        of_attention = yield from _least_seconds(partial(attend, x, weights[:4], heads))
        of_lstm = yield from _least_seconds(partial(read, x, weights))
        found[length] = of_attention, of_lstm
        yield length / longest
    return found


def width(params: CostParams) -> int:
    """The width that is measured."""
    return min(params.d, MOST_WIDTH)


def _least_seconds(work: Callable[[], Pieces[Floats]]) -> Pieces[float]:
    """Processor time of this thread, the least of some tries."""
    found = []
    for _ in range(TRIES):
        spent, pieces = 0.0, work()
        while True:
            start = time.thread_time()
            done = next(pieces, None)
            spent += time.thread_time() - start
            if done is None:
                break
            yield 0.0
        found.append(spent)
    return min(found)


def attend(x: Any, weights: Any, heads: int) -> Pieces[Floats]:
    """One layer of attention over words (T, d), with weights (4, d, d), in blocks of words."""
    q, k, v = (x @ w for w in weights[:3])
    blocks = []
    for start in range(0, len(x), BLOCK):
        parts = []
        for own in np.array_split(np.arange(x.shape[1]), heads):
            scores = q[start : start + BLOCK, own] @ k[:, own].T / np.sqrt(np.float32(len(own)))
            parts.append(softmax(scores) @ v[:, own])
        blocks.append(np.concatenate(parts, axis=1) @ weights[3])
        yield start / len(x)
    return np.concatenate(blocks)


def read(x: Any, weights: Any) -> Pieces[Floats]:
    """One layer of an LSTM over words (T, d), with weights (8, d, d): of the word, of the output before."""
    d = x.shape[1]
    into = np.concatenate([x @ w for w in weights[:4]], axis=1)
    recurrent = np.concatenate(list(weights[4:]), axis=1)
    h, c = np.zeros(d, x.dtype), np.zeros(d, x.dtype)
    for step, word in enumerate(into):
        z = word + h @ recurrent
        i, f, o = (1 / (1 + np.exp(-z[gate * d : (gate + 1) * d])) for gate in range(3))
        c = f * c + i * np.tanh(z[3 * d :])
        h = o * np.tanh(c)
        if step % BLOCK == 0:
            yield step / len(x)
    return h


def attention(t: int, d: int) -> float:
    """Four products with matrices for each word; each word with each word, twice."""
    return 4.0 * t * d * d + 2.0 * t * t * d


def lstm(t: int, d: int) -> float:
    """Four gates, each from the word and from the output before."""
    return 8.0 * t * d * d
