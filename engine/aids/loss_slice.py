"""A slice of a loss: along two random directions, whose rows are as long as the rows of the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.aids.small_mlp import SmallMlp, deltas, loss, small_mlp
from engine.params import choice, flag, number

CELLS = 17
UNITS, EXAMPLES = 4, 24
LR = 0.5


@dataclass(frozen=True, slots=True)
class LossSliceParams:
    steps: int = number(200, "Steps of full-batch descent before the slice.", least=0, most=1000)
    reach: float = number(1.0, "How far the slice goes to each side.", above=0, most=4)
    by_row: bool = flag(True, "Whether each row of a direction is as long as that row of the weights.")
    seed_of_slice: int = number(0, "Number that draws the two directions.", least=0, most=999)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


PARAMS = LossSliceParams
VALUES = {
    "loss": "loss of the network",
    "centre": "loss in the middle of the slice",
    "least": "least loss on the slice",
    "border": "mean loss along its border",
    "rise": "how much higher the border is than the middle",
    "convex": "share of straight lines through the middle along which no point is below it",
}


def computing(params: LossSliceParams, seed: int) -> Pieces[Aid]:
    net = trained(seed, params.steps)
    source = np.random.default_rng([seed, params.seed_of_slice])
    made = yield from sliced(lambda weights: loss(net, dict(weights)), net.weights, params, source)
    return made


def compute(params: LossSliceParams, seed: int) -> Aid:
    return finish(computing(params, seed))


def sliced(
    loss_of: Callable[[Mapping[str, Any]], float],
    weights: Mapping[str, Any],
    params: LossSliceParams,
    source: np.random.Generator,
    unused: Sequence[str] = (),
) -> Pieces[Aid]:
    """The slice of a loss around `weights`, arrays by name."""
    one, two = (direction(weights, source, params.by_row) for _ in range(2))
    steps = np.linspace(-params.reach, params.reach, CELLS)
    heights = np.empty((CELLS, CELLS))
    for row, b in enumerate(steps):
        for column, a in enumerate(steps):
            moved = {name: (w + a * one[name] + b * two[name]).astype(w.dtype) for name, w in weights.items()}
            heights[row, column] = loss_of(moved)
            yield (row * CELLS + column) / CELLS**2
    middle = CELLS // 2
    border = np.concatenate([heights[0], heights[-1], heights[1:-1, 0], heights[1:-1, -1]])
    lines = (heights[middle], heights[:, middle], np.diagonal(heights), np.diagonal(heights[::-1]))
    values = {
        "loss": loss_of(weights),
        "centre": float(heights[middle, middle]),
        "least": float(heights.min()),
        "border": float(border.mean()),
        "rise": float(border.mean() - heights[middle, middle]),
        "convex": float(np.mean([line.min() >= heights[middle, middle] for line in lines])),
    }
    data = drawings.field(steps, steps, heights.tolist(), [("here", [0.0], [0.0])])
    return Aid(values, data | ({"unused": list(unused)} if unused else {}))


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


def direction(weights: Mapping[str, Any], source: np.random.Generator, by_row: bool) -> dict[str, Floats]:
    """Random numbers of the shape of the weights, rows (or kernels) rescaled; biases do not move where rows
    do."""
    made = {}
    for name, w in weights.items():
        drawn = source.normal(size=w.shape)
        if by_row and w.ndim > 1:
            drawn *= _lengths(w) / _lengths(drawn)
        made[name] = np.zeros(w.shape) if by_row and w.ndim == 1 else drawn
    return made


def _lengths(w: Any) -> Any:
    """Those of its rows or kernels, in a shape that multiplies them."""
    return np.linalg.norm(w.reshape(len(w), -1), axis=1).reshape(-1, *[1] * (w.ndim - 1))
