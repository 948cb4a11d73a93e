"""A slice of a loss: along two random directions, whose rows are as long as the rows of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.small_mlp import SmallMlp, deltas, loss, small_mlp
from engine.params import flag, number

CELLS = 17
UNITS, EXAMPLES = 4, 24
LR = 0.5


@dataclass(frozen=True, slots=True)
class LossSliceParams:
    steps: int = number(200, "Steps of full-batch descent before the slice.", least=0, most=1000)
    reach: float = number(1.0, "How far the slice goes to each side.", above=0, most=4)
    by_row: bool = flag(True, "Whether each row of a direction is as long as that row of the weights.")
    seed_of_slice: int = number(0, "Number that draws the two directions.", least=0, most=999)


PARAMS = LossSliceParams
VALUES = {
    "loss": "loss of the network",
    "centre": "loss in the middle of the slice",
    "least": "least loss on the slice",
    "border": "mean loss along its border",
    "rise": "how much higher the border is than the middle",
    "convex": "share of straight lines through the middle along which no point is below it",
}


def compute(params: LossSliceParams, seed: int) -> Aid:
    net = trained(seed, params.steps)
    source = np.random.default_rng([seed, params.seed_of_slice])
    one, two = (direction(net.weights, source, params.by_row) for _ in range(2))
    steps = np.linspace(-params.reach, params.reach, CELLS)
    heights = np.array([[at(net, a, one, b, two) for a in steps] for b in steps])
    middle = CELLS // 2
    border = np.concatenate([heights[0], heights[-1], heights[1:-1, 0], heights[1:-1, -1]])
    lines = (heights[middle], heights[:, middle], np.diagonal(heights), np.diagonal(heights[::-1]))
    values = {
        "loss": loss(net, net.weights),
        "centre": float(heights[middle, middle]),
        "least": float(heights.min()),
        "border": float(border.mean()),
        "rise": float(border.mean() - heights[middle, middle]),
        "convex": float(np.mean([line.min() >= heights[middle, middle] for line in lines])),
    }
    return Aid(values, drawings.field(steps, steps, heights.tolist(), [("here", [0.0], [0.0])]))


def trained(seed: int, steps: int) -> SmallMlp:
    """A network of two layers that learns what another one of its shape says."""
    net, teacher = small_mlp("tanh", UNITS, EXAMPLES, seed), small_mlp("tanh", UNITS, EXAMPLES, seed + 1000)
    targets = _said(net, teacher.weights)
    net = SmallMlp(net.act, net.x, targets, net.weights)
    for _ in range(steps):
        slopes, _, _ = deltas(net)
        net = SmallMlp(net.act, net.x, targets, {k: w - LR * slopes[k] for k, w in net.weights.items()})
    return net


def _said(net: SmallMlp, weights: dict[str, Floats]) -> Floats:
    hidden = np.tanh(net.x @ weights["W1"].T + weights["b1"])
    made: Floats = np.tanh(hidden @ weights["W2"].T + weights["b2"])
    return made


def direction(weights: dict[str, Floats], source: np.random.Generator, by_row: bool) -> dict[str, Floats]:
    """Random numbers of the shape of the weights, rows rescaled; biases do not move where rows do."""
    made = {}
    for name, w in weights.items():
        drawn = source.normal(size=w.shape)
        if by_row and w.ndim == 2:
            drawn *= np.linalg.norm(w, axis=1, keepdims=True) / np.linalg.norm(drawn, axis=1, keepdims=True)
        made[name] = np.zeros_like(w) if by_row and w.ndim == 1 else drawn
    return made


def at(net: SmallMlp, a: float, one: dict[str, Floats], b: float, two: dict[str, Floats]) -> float:
    """L(θ + a d1 + b d2)"""
    return loss(net, {name: w + a * one[name] + b * two[name] for name, w in net.weights.items()})
