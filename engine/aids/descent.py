"""Paths on a surface: plain descent, momentum, Nesterov and Adam from one start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.optimisers import METHODS, path
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.errors import ParamError
from engine.params import choice, number

SURFACES = ("bowl", "valley", "rosenbrock")
REACHED = 1e-6
"""part of the first distance at which the minimum counts as reached"""


@dataclass(frozen=True, slots=True)
class DescentParams:
    surface: str = choice(
        "bowl", "Surface: a bowl of curvatures 1 and 10, a valley of 1 and k, Rosenbrock's.", SURFACES
    )
    method: str = choice("plain", "Optimiser.", METHODS)
    lr: float | None = number(0.1, "Learning rate.", above=0, most=10, log=True, word="best")
    beta: float | None = number(0.9, "Momentum; the first β of Adam.", least=0, most=0.999, word="best")
    k: float = number(
        100.0, "Curvature of the valley across, where it is 1 along.", least=1, most=10_000, log=True
    )
    steps: int = number(200, "Steps.", least=1, most=5000, log=True)

    def check(self) -> None:
        if self.surface == "rosenbrock" and None in (self.lr, self.beta):
            raise ParamError("lr, beta: expected numbers for rosenbrock, got best.")


PARAMS = DescentParams
VALUES = {
    "distance": "distance from the minimum at the end",
    "height": "loss at the end",
    "reached_at": "step at which the distance is a millionth of the first, where it gets there",
    "limit": "learning rate from which on plain descent diverges, 2 / largest curvature",
    "lr": "learning rate that was used",
    "beta": "momentum that was used",
    "rate": "factor by which a step shortens the distance at best, (k - 1) / (k + 1)",
    "rate_momentum": "that of momentum, (√k - 1) / (√k + 1)",
    "diverged": "1 where the path left every bound",
    "quick": "1 where it gets there within 120 steps",
}


def compute(params: DescentParams, seed: int) -> Aid:
    height, gradient, minimum, start = surface(params)
    lr, beta = used(params)
    found = path(gradient, start, params.method, lr, beta, params.steps)
    distances = np.linalg.norm(found - minimum, axis=1)
    values = {
        "distance": float(distances[-1]),
        "height": float(height(found[-1])),
        "lr": lr,
        "beta": beta,
        "diverged": float(len(found) <= params.steps),
    }
    near = np.flatnonzero(distances <= REACHED * distances[0])
    values["quick"] = float(len(near) > 0 and near[0] <= 120)
    if len(near):
        values["reached_at"] = float(near[0])
    if params.surface != "rosenbrock":
        k = curvature(params)
        values |= {
            "limit": 2 / k,
            "rate": (k - 1) / (k + 1),
            "rate_momentum": (math.sqrt(k) - 1) / (math.sqrt(k) + 1),
        }
    return Aid(values, _picture(height, found, params.method))


def curvature(params: DescentParams) -> float:
    return 10.0 if params.surface == "bowl" else params.k


def used(params: DescentParams) -> tuple[float, float]:
    """Learning rate and momentum; the best ones of a quadratic surface where none is given."""
    k = 1.0 if params.surface == "rosenbrock" else curvature(params)
    root = math.sqrt(k)
    has_momentum = params.method in ("momentum", "nesterov")
    best_lr = (2 / (root + 1)) ** 2 if has_momentum else 2 / (k + 1)
    best_beta = ((root - 1) / (root + 1)) ** 2
    return (
        best_lr if params.lr is None else params.lr,
        best_beta if params.beta is None else params.beta,
    )


def surface(
    params: DescentParams,
) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Floats, Floats]:
    """Height, gradient, minimum and start."""
    if params.surface == "rosenbrock":
        return _rosenbrock, _rosenbrock_slope, np.array([1.0, 1.0]), np.array([-1.2, 1.0])
    curved = np.array([1.0, curvature(params)])
    return (lambda p: (curved * p * p).sum(axis=-1) / 2), (lambda p: curved * p), np.zeros(2), np.ones(2)


def _rosenbrock(p: Floats) -> Floats:
    x, y = p[..., 0], p[..., 1]
    height: Floats = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return height


def _rosenbrock_slope(p: Floats) -> Floats:
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def _picture(height: Callable[[Floats], Floats], found: Floats, name: str) -> dict[str, object]:
    seen = np.clip(found, -3, 3)
    x, y = np.linspace(-2, 2, 33), np.linspace(-2, 2, 17)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    step = max(1, len(seen) // 200)
    return drawings.field(x, y, height(grid).tolist(), [(name, seen[::step, 0], seen[::step, 1])])
