"""A softmax bench: logits, a temperature, a class that is right, and what a second softmax does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.errors import ParamError
from engine.params import flag, number, text

MOST = 50


@dataclass(frozen=True, slots=True)
class SoftmaxParams:
    logits: str = text("2 1 0 0", "Logits, 2 to 50 numbers with blanks between.")
    right: int = number(0, "Class that is right, from 0.", least=0, most=MOST - 1)
    T: float = number(1.0, "Temperature.", above=0, most=100, log=True)
    twice: bool = flag(False, "Whether the loss gets probabilities and takes a softmax of them once more.")

    def check(self) -> None:
        if self.right >= len(numbers(self.logits)):
            raise ParamError(f"right: expected one of {len(numbers(self.logits))} classes, got {self.right}.")


PARAMS = SoftmaxParams
VALUES = {
    "p": "probability of the class that is right",
    "largest": "largest probability",
    "loss": "cross-entropy, in nats",
    "entropy": "entropy of the probabilities, in nats",
    "gradient": "slope of the loss by the logit of the right class, (p - 1) / T",
    "gradient_sum": "sum of the slopes by all logits",
    "floor": "least loss that is possible",
    "even": "loss of equal logits, ln of the number of classes",
}


def numbers(given: str) -> list[float]:
    """Raises ParamError."""
    try:
        found = [float(one) for one in given.replace(",", " ").split()]
    except ValueError:
        found = []
    if not 2 <= len(found) <= MOST or not all(map(math.isfinite, found)):
        raise ParamError(f"logits: expected 2 to {MOST} numbers, got {given[:80]!r}.")
    return found


def softmax(z: Floats) -> Floats:
    """Over the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p: Floats = e / e.sum(axis=-1, keepdims=True)
    return p


def compute(params: SoftmaxParams, seed: int) -> Aid:
    z = np.array(numbers(params.logits))
    one_hot = np.eye(len(z))[params.right]
    p = softmax(z / params.T)
    gradient = (p - one_hot) / params.T
    used = p
    if params.twice:
        used = softmax(p)
        by_p = used - one_hot
        gradient = p * (by_p - (p * by_p).sum()) / params.T
    positive = p[p > 0]
    values = {
        "p": float(p[params.right]),
        "largest": float(p.max()),
        "loss": -math.log(max(float(used[params.right]), 1e-300)),
        "entropy": float(-(positive * np.log(positive)).sum()) + 0.0,
        "gradient": float(gradient[params.right]),
        "gradient_sum": float(gradient.sum()),
        "floor": math.log(math.e + len(z) - 1) - 1 if params.twice else 0.0,
        "even": math.log(len(z)),
    }
    bars = [(f"{'› ' if number == params.right else ''}{number}", float(one)) for number, one in enumerate(p)]
    return Aid(values, drawings.bars(bars, unit="probability"))
