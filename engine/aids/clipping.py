"""Clip the norm: a gradient longer than a limit is shortened to it, in its direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class ClippingParams:
    limit: float = number(1.0, "Longest gradient that is let through.", above=0, most=100, log=True)
    steps: int = number(30, "Steps back in time.", least=1, most=200)
    rho: float = number(1.1, "Factor by which each step scales the gradient.", above=0, most=2)


PARAMS = ClippingParams
VALUES = {
    "norm": "length of the gradient before",
    "clipped": "length after",
    "cosine": "cosine of both: 1 where the direction is kept",
    "factor": "factor by which it was multiplied",
}


def compute(params: ClippingParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    gradient = source.normal(size=8)
    gradient *= params.rho**params.steps / np.linalg.norm(gradient)
    norm = float(np.linalg.norm(gradient))
    factor = min(1.0, params.limit / norm)
    clipped = gradient * factor
    values = {
        "norm": norm,
        "clipped": float(np.linalg.norm(clipped)),
        "cosine": float(gradient @ clipped / (norm * np.linalg.norm(clipped))),
        "factor": factor,
    }
    span = range(params.steps + 1)
    lines = [
        ("before", span, [params.rho**t for t in span]),
        ("clipped", span, [min(params.limit, params.rho**t) for t in span]),
    ]
    return Aid(values, drawings.curves("steps back", "length of the gradient", lines, log_y=True))
