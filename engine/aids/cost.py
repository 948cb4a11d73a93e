"""What length costs: multiply-adds and bytes of attention and of an LSTM that read T words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class CostParams:
    T: int = number(1024, "Words of the text.", least=1, most=1_000_000, log=True)
    d: int = number(256, "Width.", least=1, most=16_384, log=True)
    heads: int = number(4, "Heads of attention.", least=1, most=128)


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
}


def compute(params: CostParams, seed: int) -> Aid:
    t, d = params.T, params.d
    values = {
        "attention": attention(t, d),
        "lstm": lstm(t, d),
        "ratio": attention(t, d) / lstm(t, d),
        "bytes": 4.0 * t * t * params.heads,
        "state_bytes": 8.0 * d,
        "doubled": attention(2 * t, d) / attention(t, d),
        "equal_at": 2.0 * d,
        "steps_in_a_row": float(t),
    }
    lengths = np.unique(np.round(np.geomspace(max(1, t / 64), t * 8, 24))).astype(int).tolist()
    lines = [
        ("attention", lengths, [attention(length, d) for length in lengths]),
        ("LSTM", lengths, [lstm(length, d) for length in lengths]),
    ]
    marks = [("T", float(t), values["attention"])]
    return Aid(values, drawings.curves("words", "multiply-adds", lines, marks, log_x=True, log_y=True))


def attention(t: int, d: int) -> float:
    """Four products with matrices for each word; each word with each word, twice."""
    return 4.0 * t * d * d + 2.0 * t * t * d


def lstm(t: int, d: int) -> float:
    """Four gates, each from the word and from the output before."""
    return 8.0 * t * d * d
