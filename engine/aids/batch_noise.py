"""How far the gradient of a batch is from that of all examples: the deviation falls as one over √B."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number

SIZES = (1, 4, 16, 64, 256)


@dataclass(frozen=True, slots=True)
class BatchNoiseParams:
    batch: int = number(16, "Examples in a batch, drawn with replacement.", least=1, most=1024, log=True)
    noise: float = number(1.0, "Spread of the error in the targets.", above=0, most=10, log=True)
    batches: int = number(300, "Batches that are drawn.", least=50, most=5000, log=True)


PARAMS = BatchNoiseParams
VALUES = {
    "deviation": "rms distance of a batch gradient from the full one",
    "expected": "that distance by the formula, spread of one example over √B",
    "cosine": "mean cosine of batch gradient and full gradient",
    "slope": "slope of log deviation over log B, from 1 to 256",
}


def compute(params: BatchNoiseParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    inputs = source.normal(0, 1, (2048, 8))
    errors = inputs @ np.full(8, 0.3) + source.normal(0, params.noise, 2048)
    each = inputs * errors[:, None]
    full = each.mean(axis=0)
    spread = math.sqrt(float(((each - full) ** 2).sum(axis=1).mean()))

    def drawn(size: int) -> tuple[float, float]:
        means = np.stack([each[source.integers(0, 2048, size)].mean(axis=0) for _ in range(params.batches)])
        cosines = means @ full / (np.linalg.norm(means, axis=1) * np.linalg.norm(full))
        return math.sqrt(float(((means - full) ** 2).sum(axis=1).mean())), float(cosines.mean())

    ladder = [drawn(size)[0] for size in SIZES]
    deviation, cosine = drawn(params.batch)
    values = {
        "deviation": deviation,
        "expected": spread / math.sqrt(params.batch),
        "cosine": cosine,
        "slope": float(np.polyfit(np.log(SIZES), np.log(ladder), 1)[0]),
    }
    marks = [("batch", float(params.batch), deviation)]
    line = ("deviation", SIZES, ladder)
    return Aid(
        values, drawings.curves("examples in a batch", "deviation", [line], marks, log_x=True, log_y=True)
    )
