"""How many labelings of P points a unit with N weights can separate: Cover's count and a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import number

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class CapacityParams:
    points: int = number(6, "Points in general position.", least=1, most=80)
    inputs: int = number(3, "Weights of the unit, its bias among them.", least=1, most=40)
    samples: int = number(60, "Random labelings that are tried.", least=0, most=1000)


PARAMS = CapacityParams
VALUES = {
    "share": "share of all labelings that are separable",
    "half_at": "points at which the share is one half, 2 N",
    "vc_dimension": "most points whose every labeling is separable, N",
    "measured": "share of the labelings tried",
    "error": "standard error of that share",
}


def compute(params: CapacityParams, seed: int) -> Aid:
    share = separable_share(params.points, params.inputs)
    values = {
        "share": share,
        "half_at": 2.0 * params.inputs,
        "vc_dimension": float(params.inputs),
    }
    marks = [("share", float(params.points), share)]
    if params.samples:
        source = np.random.default_rng(seed)
        points = source.normal(0, 1, (params.points, params.inputs))
        labels = source.choice((-1.0, 1.0), (params.samples, params.points))
        measured = sum(is_separable(points, label) for label in labels) / params.samples
        error = math.sqrt(share * (1 - share) / params.samples)
        values |= {"measured": measured, "error": error}
        marks.append(("measured", float(params.points), measured))
    spans = range(1, 4 * params.inputs + 1)
    line = ("share", spans, [separable_share(points, params.inputs) for points in spans])
    return Aid(values, drawings.curves("points", "share separable", [line], marks))


def separable_share(points: int, inputs: int) -> float:
    """C(P, N) / 2^P with C(P, N) = 2 Σ binom(P - 1, k) over k < N."""
    count = 2 * sum(math.comb(points - 1, k) for k in range(min(inputs, points)))
    return float(count / 2**points)


def is_separable(points: Floats, labels: Floats) -> bool:
    """Whether some w gives every w·x the sign of its label: if and only if zero is no mean of the points,
    each multiplied by its label (Gordan)."""
    turned = (points * labels[:, None]).T
    system = np.vstack([turned, np.ones(len(points))])
    wanted = np.zeros(len(system))
    wanted[-1] = 1
    return bool(np.linalg.norm(system @ nonnegative_solution(system, wanted) - wanted) > 1e-7)


def nonnegative_solution(a: Floats, b: Floats) -> Floats:
    """The x >= 0 that makes ‖a x - b‖ least (Lawson and Hanson)."""
    x, passive = np.zeros(a.shape[1]), np.zeros(a.shape[1], dtype=bool)
    for _ in range(3 * a.shape[1]):
        slope = a.T @ (b - a @ x)
        slope[passive] = -np.inf
        if passive.all() or slope.max() <= TOLERANCE:
            break
        passive[slope.argmax()] = True
        while True:
            trial = np.zeros_like(x)
            trial[passive] = np.linalg.lstsq(a[:, passive], b, rcond=None)[0]
            low = passive & (trial <= TOLERANCE)
            if not low.any():
                x = trial
                break
            part = (x[low] / np.maximum(x[low] - trial[low], 1e-300)).min()
            x = x + part * (trial - x)
            passive &= x > TOLERANCE
            x[~passive] = 0
    return x
