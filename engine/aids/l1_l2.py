"""Sparse or small: 20 weights, 3 of them true, under L1 by subgradient, L1 by soft threshold, and L2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import choice, number

PENALTIES = ("none", "L1 by subgradient", "L1 by soft threshold", "L2")
TRUE = np.array([2.0, -1.5, 1.0] + [0.0] * 17)


@dataclass(frozen=True, slots=True)
class L1L2Params:
    penalty: str = choice("L1 by soft threshold", "Penalty on the weights.", PENALTIES)
    strength: float = number(0.3, "Strength of the penalty.", least=0, most=3)
    steps: int = number(2000, "Steps of full-batch descent.", least=1, most=10000, log=True)


PARAMS = L1L2Params
VALUES = {
    "zeros": "weights that are exactly zero",
    "small": "weights that are smaller than a hundredth",
    "largest_false": "largest of the 17 weights that should be zero",
    "norm": "length of all weights",
}


def compute(params: L1L2Params, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    x = source.normal(0, 1, (200, 20))
    y = x @ TRUE + source.normal(0, 0.5, 200)
    w = fitted(x, y, params.penalty, params.strength, params.steps, source.normal(0, 0.1, 20))
    values = {
        "zeros": float((w == 0).sum()),
        "small": float((np.abs(w) < 0.01).sum()),
        "largest_false": float(np.abs(w[3:]).max()),
        "norm": float(np.linalg.norm(w)),
    }
    bars = [(f"{'true ' if number < 3 else ''}{number + 1}", float(value)) for number, value in enumerate(w)]
    return Aid(values, drawings.bars(bars, unit="weight"))


def fitted(x: Floats, y: Floats, penalty: str, strength: float, steps: int, w: Floats) -> Floats:
    lr = 0.1
    for _ in range(steps):
        gradient = x.T @ (x @ w - y) / len(x)
        if penalty == "L1 by subgradient":
            gradient = gradient + strength * np.sign(w)
        elif penalty == "L2":
            gradient = gradient + strength * w
        w = w - lr * gradient
        if penalty == "L1 by soft threshold":
            w = np.sign(w) * np.maximum(np.abs(w) - lr * strength, 0)
    return w
