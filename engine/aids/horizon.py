"""How far memory reaches: the norm of dh_t / dh_0 of a linear recurrence, and of an LSTM's cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class HorizonParams:
    rho: float = number(0.9, "Factor by which a step scales the state: a spectral radius.", least=0, most=1.5)
    bias: float = number(1.0, "Bias of the forget gate.", least=-5, most=10)
    steps: int = number(50, "Steps.", least=1, most=500, log=True)


PARAMS = HorizonParams
VALUES = {
    "recurrent": "what is left of a change after all steps, ρ^t",
    "forget": "mean of the forget gate, σ(bias)",
    "cell": "what is left in the cell of an LSTM, σ(bias)^t",
    "half_life": "steps after which half is left in the cell",
    "remembers": "1 where half or more is left in the cell at the end",
}


def compute(params: HorizonParams, seed: int) -> Aid:
    gate = 1 / (1 + math.exp(-params.bias))
    values = {
        "recurrent": params.rho**params.steps,
        "forget": gate,
        "cell": gate**params.steps,
        "half_life": math.log(0.5) / math.log(gate),
        "remembers": float(gate**params.steps >= 0.5),
    }
    span = range(0, params.steps + 1, max(1, params.steps // 100))
    lines = [
        ("recurrence", span, [max(params.rho**t, 1e-300) for t in span]),
        ("cell", span, [max(gate**t, 1e-300) for t in span]),
    ]
    return Aid(values, drawings.curves("steps", "what is left", lines, log_y=True))
