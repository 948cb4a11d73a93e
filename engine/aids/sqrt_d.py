"""Why scores are divided by root d: their variance is d, and a softmax over them gets sharper with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.softmax import softmax
from engine.params import number

KEYS, QUERIES = 512, 64


@dataclass(frozen=True, slots=True)
class SqrtDParams:
    d: int = number(
        64, "Dimension of queries and keys, random ones of spread 1.", least=1, most=1024, log=True
    )


PARAMS = SqrtDParams
VALUES = {
    "variance": "variance of q·k",
    "entropy": "mean entropy of the softmax over 512 keys, unscaled, in nats",
    "entropy_scaled": "that entropy with scores divided by √d",
    "even": "entropy of even weights, ln 512",
    "top": "mean of the largest weight, unscaled",
    "top_scaled": "mean of the largest weight, scaled",
}


def compute(params: SqrtDParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    scores = source.normal(size=(QUERIES, params.d)) @ source.normal(size=(KEYS, params.d)).T
    plain, scaled = softmax(scores), softmax(scores / np.sqrt(params.d))
    values = {
        "variance": float(scores.var()),
        "entropy": entropy(plain),
        "entropy_scaled": entropy(scaled),
        "even": float(np.log(KEYS)),
        "top": float(plain.max(axis=1).mean()),
        "top_scaled": float(scaled.max(axis=1).mean()),
    }
    ranks = range(1, 21)
    lines = [
        (name, ranks, np.sort(p, axis=1)[:, ::-1].mean(axis=0)[:20])
        for name, p in (("unscaled", plain), ("scaled", scaled))
    ]
    return Aid(values, drawings.curves("rank of the key", "weight", lines))


def entropy(p: Floats) -> float:
    """Mean over rows, in nats."""
    safe = np.where(p > 0, p, 1)
    return float(-(p * np.log(safe)).sum(axis=1).mean())
