"""Find the wrong gradient: one of five bugs is planted, and central differences tell where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.small_mlp import BUGS, GROUPS, central_differences, deltas, small_mlp
from engine.params import choice


@dataclass(frozen=True, slots=True)
class GradCheckParams:
    bug: str = choice("none", "Bug in the gradients.", BUGS)
    act: str = choice("tanh", "Activation of both layers.", ("sigmoid", "tanh"))


PARAMS = GradCheckParams
VALUES = {
    "W1": "relative error of the gradient of the first weights",
    "b1": "that of the first biases",
    "W2": "that of the second weights",
    "b2": "that of the second biases",
    "wrong": "groups whose error is above a thousandth",
}


def compute(params: GradCheckParams, seed: int) -> Aid:
    net = small_mlp(params.act, 4, 5, seed)
    made, checked = deltas(net, params.bug)[0], central_differences(net)
    errors = {name: relative_error(made[name], checked[name]) for name in GROUPS}
    values = errors | {"wrong": float(sum(error > 1e-3 for error in errors.values()))}
    rows = [[name, float(made[name].flat[0]), float(checked[name].flat[0]), errors[name]] for name in GROUPS]
    return Aid(values, drawings.table(["group", "first gradient", "by differences", "relative error"], rows))


def relative_error(a: Floats, b: Floats) -> float:
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))
