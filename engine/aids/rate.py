"""Whether the learning rate of a perceptron matters: three rates on one set of examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.perceptron_rule import learn, separable_set
from engine.aids.result import Aid
from engine.params import choice, number

RATES = (0.01, 1.0, 100.0)


@dataclass(frozen=True, slots=True)
class RateParams:
    start: str = choice("zero", "Weights at the start.", ("zero", "random"))
    points: int = number(30, "Examples.", least=2, most=300)
    margin: float = number(0.1, "Least distance of an example from the line that made it.", above=0, most=0.4)


PARAMS = RateParams
VALUES = {
    "slow": "mistakes at rate 0.01",
    "middle": "mistakes at rate 1",
    "fast": "mistakes at rate 100",
    "alike": "1 where all three made the same mistakes",
}


def compute(params: RateParams, seed: int) -> Aid:
    inputs, targets, _ = separable_set(seed, params.points, params.margin)
    source = np.random.default_rng(seed + 1)
    start = np.zeros(3) if params.start == "zero" else source.normal(0, 3, 3)
    runs = [learn(inputs, targets, start, rate, 100_000) for rate in RATES]
    counts = [float(len(run.wrong)) for run in runs]
    alike = all(run.wrong == runs[0].wrong for run in runs)
    values = dict(zip(("slow", "middle", "fast"), counts, strict=True)) | {"alike": float(alike)}
    bars = [(f"rate {rate:g}", count) for rate, count in zip(RATES, counts, strict=True)]
    return Aid(values, drawings.bars(bars, unit="mistakes"))
