"""Forward, backward, step: a 2-2-1 network one phase at a time. Backward computes, step moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats, slope_of, value_of
from engine.aids.result import Aid
from engine.params import choice, number

PHASES = ("start", "forward", "backward", "step")
NAMES = ("u11", "u12", "u21", "u22", "c1", "c2", "v1", "v2", "d")
"""weights into the hidden units, their biases, weights into the output, its bias"""


@dataclass(frozen=True, slots=True)
class StepperParams:
    phase: str = choice("forward", "The newest phase that was carried out.", PHASES)
    x1: float = number(1.0, "First input.", least=-3, most=3)
    x2: float = number(-1.0, "Second input.", least=-3, most=3)
    target: float = number(1.0, "Wanted output.", least=0, most=1)
    lr: float = number(0.5, "Learning rate of the step.", above=0, most=100, log=True)
    act: str = choice("sigmoid", "Activation of the hidden units.", ("sigmoid", "tanh", "relu"))


PARAMS = StepperParams
VALUES = {
    "output": "output for these inputs",
    "loss": "half the squared error",
    "loss_after": "loss after the step",
    "largest_gradient": "largest of the nine gradients, without its sign",
    "gradients": "gradients known after this phase",
    "moved": "weights that differ, bit for bit, from those at the start",
    "difference": "largest difference from central differences",
}


def compute(params: StepperParams, seed: int) -> Aid:
    weights = np.random.default_rng(seed).normal(0, 1, len(NAMES))
    gradient = gradients(params, weights)
    stage = PHASES.index(params.phase)
    after = weights - params.lr * gradient if stage == 3 else weights.copy()
    h, y = forward(params, after)
    values = {"moved": float((after.view(np.uint64) != weights.view(np.uint64)).sum())}
    if stage >= 1:
        values |= {"output": forward(params, weights)[1], "loss": loss(params, weights)}
    values["gradients"] = float(len(NAMES) if stage >= 2 else 0)
    if stage >= 2:
        differences = np.abs(gradient - central_differences(params, weights))
        values |= {
            "largest_gradient": float(np.abs(gradient).max()),
            "difference": float(differences.max()),
        }
    if stage == 3:
        values["loss_after"] = loss(params, after)
    return Aid(values, _picture(params, after, gradient, h, y, stage))


def forward(params: StepperParams, w: Floats) -> tuple[Floats, float]:
    """Hidden outputs (2,) and the output, a sigmoid."""
    x = np.array([params.x1, params.x2])
    h = value_of(params.act, w[:4].reshape(2, 2) @ x + w[4:6])
    return h, float(value_of("sigmoid", w[6:8] @ h + w[8]))


def loss(params: StepperParams, w: Floats) -> float:
    return (forward(params, w)[1] - params.target) ** 2 / 2


def gradients(params: StepperParams, w: Floats) -> Floats:
    """(9,), by the chain rule from the loss back."""
    x = np.array([params.x1, params.x2])
    z = w[:4].reshape(2, 2) @ x + w[4:6]
    h, y = forward(params, w)
    out = (y - params.target) * y * (1 - y)
    hidden = out * w[6:8] * slope_of(params.act, z)
    return np.concatenate([np.outer(hidden, x).ravel(), hidden, out * h, [out]])


def central_differences(params: StepperParams, w: Floats, by: float = 1e-5) -> Floats:
    moves = np.eye(len(w)) * by
    return np.array([(loss(params, w + move) - loss(params, w - move)) / (2 * by) for move in moves])


def _picture(
    params: StepperParams, w: Floats, gradient: Floats, h: Floats, y: float, stage: int
) -> dict[str, Any]:
    shown = stage >= 1
    inputs = [{"name": "x1", "value": params.x1}, {"name": "x2", "value": params.x2}]
    hidden: list[dict[str, Any]] = [
        {"name": f"h{i + 1}", "value": float(h[i]) if shown else None} for i in range(2)
    ]
    output: dict[str, Any] = {"name": "y", "value": y if shown else None}
    if stage >= 2:
        for i in range(2):
            hidden[i]["gradient"] = float(gradient[4 + i])
        output["gradient"] = float(gradient[8])
    u = w[:4].reshape(2, 2)
    edges = [(f"x{j + 1}", f"h{i + 1}", float(u[i, j])) for i in range(2) for j in range(2)]
    edges += [(f"h{i + 1}", "y", float(w[6 + i])) for i in range(2)]
    data = drawings.net([inputs, hidden, [output]], edges)
    table = [[name, float(w[i]), float(gradient[i]) if stage >= 2 else None] for i, name in enumerate(NAMES)]
    return data | {"weights": table}
