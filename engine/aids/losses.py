"""Two losses of a sigmoid unit and their gradients: the reason for cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats, sigmoid
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class LossesParams:
    z: float = number(-5.0, "Logit of the unit.", least=-50, most=50)
    t: float = number(1.0, "Wanted output.", least=0, most=1)


PARAMS = LossesParams
VALUES = {
    "p": "output, σ(z)",
    "cross_entropy": "cross-entropy",
    "squared": "half the squared error",
    "cross_entropy_slope": "slope of the cross-entropy by z, p - t",
    "squared_slope": "slope of half the squared error by z, (p - t) p (1 - p)",
    "ratio": "how many times larger the first slope is",
}


def compute(params: LossesParams, seed: int) -> Aid:
    z = np.asarray(params.z)
    p = float(sigmoid(z))
    ce, squared = (float(one) for one in both(z, params.t))
    values = {
        "p": p,
        "cross_entropy": ce,
        "squared": squared,
        "cross_entropy_slope": p - params.t,
        "squared_slope": (p - params.t) * p * (1 - p),
    }
    if p * (1 - p) > 0:
        values["ratio"] = 1 / (p * (1 - p))
    span = np.linspace(-8, 8, 129)
    all_p = sigmoid(span)
    lines = [
        ("slope of cross-entropy", span, np.abs(all_p - params.t)),
        ("slope of squared error", span, np.abs((all_p - params.t) * all_p * (1 - all_p))),
    ]
    marks = [("z", params.z, abs(values["cross_entropy_slope"]))]
    return Aid(values, drawings.curves("z", "slope, without its sign", lines, marks))


def both(z: Floats, t: float) -> tuple[Floats, Floats]:
    """Cross-entropy, without overflow, and half the squared error."""
    ce: Floats = np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))
    squared: Floats = (sigmoid(z) - t) ** 2 / 2
    return ce, squared
