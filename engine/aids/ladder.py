"""The XOR ladder: the least loss of each shape of network, computed from what its hidden unit can do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.models.xor.xor_net import ROWS, TRUTH, Floats, losses, net
from engine.params import choice, number

SHAPES = ("no hidden unit", "one unit", "one unit and bypass", "two units")


@dataclass(frozen=True, slots=True)
class LadderParams:
    shape: str = choice("one unit", "Hidden units, sigmoid ones.", SHAPES)
    scale: float = number(10.0, "Size of the weights that are set by hand.", least=0, most=100)


PARAMS = LadderParams
VALUES = {
    "least": "least mean cross-entropy that the shape can come near to, in nats",
    "loss": "loss of weights set by hand, at this size",
    "right": "rows that are right at best",
}


def compute(params: LadderParams, seed: int) -> Aid:
    rungs = [least(shape) for shape in SHAPES]
    values = {
        "least": least(params.shape),
        "loss": loss_by_hand(params.shape, params.scale),
        "right": {SHAPES[0]: 3.0, SHAPES[1]: 3.0}.get(params.shape, 4.0),
    }
    return Aid(values, drawings.bars(list(zip(SHAPES, rungs, strict=True)), unit="nats"))


def least(shape: str) -> float:
    """No unit: the best logistic output, one half for every row. One unit: the best monotone function of the
    best projection. More: zero, since weights by hand classify every row at any margin."""
    if shape == SHAPES[0]:
        return float(np.log(2))
    if shape == SHAPES[1]:
        return min(_monotone_loss(order) for order in _orders())
    return 0.0


def _orders() -> set[tuple[int, ...]]:
    """The orders in which a line that moves over the plane meets the four rows, over all its directions."""
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False) + 1e-3
    projections = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ ROWS.T
    return {tuple(order) for order in np.argsort(projections, axis=1).tolist()}


def _monotone_loss(order: tuple[int, ...]) -> float:
    """The mean cross-entropy of the best non-decreasing outputs along `order`: neighbours that fall are
    pooled."""
    pools: list[tuple[float, int]] = []
    for row in order:
        ones, size = float(TRUTH[row]), 1
        while pools and pools[-1][0] / pools[-1][1] >= ones / size:
            before = pools.pop()
            ones, size = ones + before[0], size + before[1]
        pools.append((ones, size))
    return sum(size * _entropy(ones / size) for ones, size in pools) / len(order)


def _entropy(p: float) -> float:
    return 0.0 if p in (0, 1) else float(-p * np.log(p) - (1 - p) * np.log(1 - p))


def loss_by_hand(shape: str, scale: float) -> float:
    """The loss of hand-set weights, whose hidden unit is as steep as `scale` says."""
    steep: Floats = np.array([[1.0, 1.0]]) * scale
    if shape == SHAPES[0]:
        made = net([], [], [0.0, 0.0], 0.0, True, "sigmoid")
    elif shape == SHAPES[1]:
        made = net(
            (steep * -1).tolist(), [0.5 * scale], [-scale - np.log(2)], float(np.log(2)), False, "sigmoid"
        )
    elif shape == SHAPES[2]:
        made = net(steep.tolist(), [-1.5 * scale], [scale, scale, -2 * scale], -0.5 * scale, True, "sigmoid")
    else:
        both = [[-scale, scale], [scale, -scale]]
        made = net(both, [-0.5 * scale] * 2, [2 * scale, 2 * scale], -scale, False, "sigmoid")
    return losses(made, ROWS, TRUTH).bce
