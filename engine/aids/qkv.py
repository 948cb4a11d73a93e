"""Query, key, value: four words with vectors of two numbers, step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.attention_rule import weights
from engine.aids.result import Aid
from engine.params import flag, number

WORDS = ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class QkvParams:
    row: int = number(2, "Word that asks, from 1.", least=1, most=4)
    causal: bool = flag(True, "Whether a word sees itself and what is before it only.")
    scaled: bool = flag(True, "Whether scores are divided by the root of the dimension.")
    sharp: float = number(1.0, "Factor of all queries.", least=0, most=20)


PARAMS = QkvParams
VALUES = {
    "on_1": "weight on the first word",
    "on_2": "weight on the second word",
    "on_3": "weight on the third word",
    "on_4": "weight on the fourth word",
    "out_1": "first number that comes out",
    "out_2": "second number that comes out",
    "sum": "sum of the weights",
    "sure": "1 where one word gets nine tenths of the weight or more",
}


def compute(params: QkvParams, seed: int) -> Aid:
    x = np.array(WORDS)
    made = weights(x * params.sharp, x, params.causal, params.scaled)
    row = made[params.row - 1]
    out = row @ x
    values = {f"on_{place + 1}": float(weight) for place, weight in enumerate(row)}
    values |= {
        "out_1": float(out[0]),
        "out_2": float(out[1]),
        "sum": float(row.sum()),
        "sure": float(row.max() >= 0.9),
    }
    names = [f"{place + 1} ({a:g}, {b:g})" for place, (a, b) in enumerate(WORDS)]
    return Aid(values, drawings.heat(names, names, made.tolist()))
