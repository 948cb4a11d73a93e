"""Activation functions beside their slopes: where a unit learns fast, slowly, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import NAMES, Floats, slope_of, value_of
from engine.aids.result import Aid
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class ActivationsParams:
    act: str = choice("sigmoid", "Activation function.", NAMES)
    z: float = number(0.0, "Where value and slope are read.", least=-10, most=10)


PARAMS = ActivationsParams
VALUES = {
    "value": "φ(z)",
    "slope": "φ'(z)",
    "largest_slope": "largest slope anywhere",
    "largest_slope_at": "z of the largest slope",
    "least": "least value, where there is one",
    "least_at": "z of the least value",
    "ten_layers": "largest slope to the power of ten: the most that ten layers pass on",
}
REACH = 10.0


def compute(params: ActivationsParams, seed: int) -> Aid:
    z = np.linspace(-REACH, REACH, 4001)
    phi, slope = value_of(params.act, z), slope_of(params.act, z)
    at, largest = _top(params.act, z, slope)
    values = {
        "value": float(value_of(params.act, params.z)),
        "slope": float(slope_of(params.act, params.z)),
        "largest_slope": largest,
        "largest_slope_at": at,
        "ten_layers": largest**10,
    }
    low = int(phi.argmin())
    if 0 < low < len(z) - 1 and phi[low] < phi[0]:
        fine = np.linspace(z[low - 1], z[low + 1], 2001)
        deep = value_of(params.act, fine)
        values |= {"least": float(deep.min()), "least_at": float(fine[deep.argmin()])}
    seen = slice(1000, 3001, 20)
    lines = [("φ", z[seen], phi[seen]), ("slope", z[seen], slope[seen])]
    marks = [("φ", params.z, values["value"]), ("slope", params.z, values["slope"])]
    return Aid(values, drawings.curves("z", "φ and its slope", lines, marks))


def _top(act: str, z: Floats, slope: Floats) -> tuple[float, float]:
    """The place nearest to 0 of the largest slope, and that slope."""
    best = slope.max()
    at = float(min(z[slope >= best - 1e-12], key=abs))
    fine = np.linspace(at - 0.01, at + 0.01, 2001)
    there = slope_of(act, fine)
    close = fine[there >= there.max() - 1e-13]
    return float(min(close, key=abs)), float(there.max())
