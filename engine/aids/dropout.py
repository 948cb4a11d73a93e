"""Inverted dropout: a mask divided by 1 - p while training, nothing at evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class DropoutParams:
    p: float = number(0.5, "Probability that a unit is off.", least=0, most=0.95)
    mode: str = choice("training", "What the network is doing.", ("training", "evaluation"))
    units: int = number(12, "Units.", least=1, most=64)
    passes: int = number(
        4000, "Passes over which mean and variance are taken.", least=10, most=20000, log=True
    )


PARAMS = DropoutParams
VALUES = {
    "mean": "mean output of a unit whose input is 1",
    "variance": "its variance over passes",
    "expected_variance": "p / (1 - p), the variance by the formula",
    "on": "share of units that are on",
    "scale": "factor of a unit that is on, 1 / (1 - p)",
}


def compute(params: DropoutParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    is_training = params.mode == "training"
    on = (
        source.random((params.passes, params.units)) >= params.p
        if is_training
        else np.ones((params.passes, params.units))
    )
    scale = 1 / (1 - params.p) if is_training else 1.0
    outputs = on * scale
    values = {
        "mean": float(outputs.mean()),
        "variance": float(outputs.var()),
        "expected_variance": params.p / (1 - params.p) if is_training else 0.0,
        "on": float(np.asarray(on).mean()),
        "scale": scale,
    }
    rows = [f"pass {number + 1}" for number in range(min(8, params.passes))]
    columns = [f"{number + 1}" for number in range(params.units)]
    return Aid(values, drawings.heat(rows, columns, outputs[: len(rows)].tolist()))
