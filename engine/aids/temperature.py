"""From sigmoid to threshold: σ(z / T) for smaller and smaller T."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import sigmoid, slope_of
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class TemperatureParams:
    T: float = number(1.0, "Temperature.", above=0, most=10, log=True)
    z: float = number(0.5, "Where output and slope are read.", least=-5, most=5)


PARAMS = TemperatureParams
VALUES = {
    "output": "σ(z / T)",
    "slope": "slope at z",
    "slope_at_0": "slope at z = 0, which is 1 / (4 T)",
    "width": "span of z over which the output goes from .1 to .9",
}


def compute(params: TemperatureParams, seed: int) -> Aid:
    values = {
        "output": float(sigmoid(np.asarray(params.z / params.T))),
        "slope": float(slope_of("sigmoid", params.z / params.T)) / params.T,
        "slope_at_0": 1 / (4 * params.T),
        "width": 2 * float(np.log(9)) * params.T,
    }
    z = np.linspace(-3, 3, 121)
    lines = [(f"T {t:g}", z, sigmoid(z / t)) for t in dict.fromkeys((1.0, 0.1, params.T))]
    return Aid(values, drawings.curves("z", "output", lines, [("z", params.z, values["output"])]))
