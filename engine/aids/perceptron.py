"""The perceptron, mistake by mistake, against the bound of Novikoff: at most (R / γ)² mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.perceptron_rule import learn, right, separable_set
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class PerceptronParams:
    points: int = number(30, "Examples.", least=2, most=300)
    margin: float = number(0.1, "Least distance of an example from the line that made it.", above=0, most=0.4)
    rate: float = number(1.0, "Learning rate.", above=0, most=1000, log=True)
    shown: int = number(1000, "Mistakes that have been made in the picture.", least=0, most=10_000)


PARAMS = PerceptronParams
VALUES = {
    "mistakes": "mistakes until every example is right",
    "bound": "(R / γ)², which the mistakes cannot exceed",
    "radius": "R, the greatest length of an example",
    "gap": "γ, the least distance from the plane through the origin that parts the examples",
    "epochs": "passes over all examples",
    "right": "examples that are right after the mistakes shown",
    "hard": "1 where it took 50 mistakes or more",
}


def compute(params: PerceptronParams, seed: int) -> Aid:
    inputs, targets, line = separable_set(seed, params.points, params.margin)
    run = learn(inputs, targets, np.zeros(3), params.rate)
    radius = float(np.linalg.norm(inputs, axis=1).max())
    gap = float(np.abs(inputs @ line).min())
    at = min(params.shown, len(run.wrong))
    values = {
        "mistakes": float(len(run.wrong)),
        "bound": (radius / gap) ** 2,
        "radius": radius,
        "gap": gap,
        "epochs": float(run.epochs),
        "hard": float(len(run.wrong) >= 50),
        "right": float(right(inputs, targets, run.weights[at])),
    }
    points = [(float(x), float(y), int(t)) for (x, y, _), t in zip(inputs, targets, strict=True)]
    near = range(max(0, at - 1), at + 1)
    lines = [(f"after {n}", float(w[0]), float(w[1]), float(w[2])) for n in near for w in [run.weights[n]]]
    data = drawings.plane(points, lines) | {"wrong": run.wrong[:at]}
    return Aid(values, data)
