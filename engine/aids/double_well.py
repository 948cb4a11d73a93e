"""Does momentum hop? x⁴ - 4x² + x has two minima and a barrier between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.optimisers import path
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class DoubleWellParams:
    start: float = number(2.0, "Where the ball is let go.", least=-3, most=3)
    beta: float = number(0.9, "Momentum.", least=0, most=0.999)
    lr: float = number(0.01, "Learning rate.", above=0, most=0.1, log=True)
    steps: int = number(2000, "Steps.", least=10, most=20000, log=True)


PARAMS = DoubleWellParams
VALUES = {
    "end": "where it ends",
    "hopped": "1 where it ends on the other side of the barrier",
    "left": "minimum on the left, the deeper one",
    "right": "minimum on the right",
    "barrier": "top of the barrier between",
    "diverged": "1 where it left every bound",
}
ROOTS = np.sort(np.roots([4.0, 0.0, -8.0, 1.0]).real)
"""left minimum, barrier, right minimum"""


def compute(params: DoubleWellParams, seed: int) -> Aid:
    found = path(slope, np.array([params.start]), "momentum", params.lr, params.beta, params.steps)[:, 0]
    diverged = len(found) <= params.steps
    end = float(found[-1])
    values = {
        "end": end,
        "hopped": float(not diverged and (end > ROOTS[1]) != (params.start > ROOTS[1])),
        "left": float(ROOTS[0]),
        "barrier": float(ROOTS[1]),
        "right": float(ROOTS[2]),
        "diverged": float(diverged),
    }
    x = np.linspace(-2.5, 2.5, 101)
    seen = np.clip(found[:400], -2.5, 2.5)
    lines = [("height", x, height(x)), ("path", seen, height(seen))]
    return Aid(
        values,
        drawings.curves("x", "x⁴ - 4x² + x", lines, [("end", float(seen[-1]), float(height(seen[-1])))]),
    )


def height(x: Floats) -> Floats:
    made: Floats = x**4 - 4 * x**2 + x
    return made


def slope(x: Floats) -> Floats:
    made: Floats = 4 * x**3 - 8 * x + 1
    return made
