"""Hebb's rule and Oja's on a stream of correlated inputs: one grows without limit, one finds a direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import choice, number

CEILING = 1e12
"""the norm at which the plain rule is stopped"""


@dataclass(frozen=True, slots=True)
class HebbParams:
    rule: str = choice("hebb", "Rule of learning.", ("hebb", "oja"))
    rate: float = number(0.01, "Learning rate.", above=0, most=0.1, log=True)
    steps: int = number(4000, "Inputs shown, one after the other.", least=10, most=20000, log=True)


PARAMS = HebbParams
VALUES = {
    "norm": "length of the weights at the end",
    "start_norm": "length of the weights at the start",
    "alignment": "cosine, without its sign, of weights and first principal component",
    "shown": "inputs shown until the end, or until the length passed 1e12",
}


def compute(params: HebbParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    turn = source.uniform(0, np.pi)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    inputs = source.normal(0, 1, (params.steps, 2)) * [1.0, 0.3] @ axes
    w = source.normal(0, 0.3, 2)
    start, norms = float(np.linalg.norm(w)), []
    for x in inputs:
        y = w @ x
        w = w + params.rate * y * (x - y * w if params.rule == "oja" else x)
        norms.append(float(np.linalg.norm(w)))
        if norms[-1] > CEILING:
            break
    first = np.linalg.eigh(inputs.T @ inputs)[1][:, -1]
    values = {
        "norm": norms[-1],
        "start_norm": start,
        "alignment": float(abs(w @ first) / norms[-1]),
        "shown": float(len(norms)),
    }
    step = max(1, len(norms) // 200)
    line = (params.rule, range(0, len(norms), step), norms[::step])
    return Aid(values, drawings.curves("inputs shown", "length of the weights", [line], log_y=True))
