"""A network of two layers, its deltas by formula, and gradients by central differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids.phi import Floats, slope_of, value_of

GROUPS = ("W1", "b1", "W2", "b2")
BUGS = (
    "none",
    "slope forgotten",
    "weights not transposed",
    "sign of a bias",
    "input of the wrong layer",
    "sum for mean",
)
"""planted in the gradients"""


@dataclass(frozen=True, slots=True)
class SmallMlp:
    """x (n, d), targets (n, d), weights W1 (d, d), W2 (d, d), biases; half the mean squared error."""

    act: str
    x: Floats
    targets: Floats
    weights: dict[str, Floats]


def small_mlp(act: str, units: int, examples: int, seed: int) -> SmallMlp:
    source = np.random.default_rng(seed)
    shapes = {"W1": (units, units), "b1": (units,), "W2": (units, units), "b2": (units,)}
    weights = {name: source.normal(0, 0.8, shape) for name, shape in shapes.items()}
    x, targets = source.normal(0, 1, (2, examples, units))
    return SmallMlp(act, x, targets, weights)


def outputs(net: SmallMlp, weights: dict[str, Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    """z1, a1, z2, a2."""
    z1 = net.x @ weights["W1"].T + weights["b1"]
    a1 = value_of(net.act, z1)
    z2 = a1 @ weights["W2"].T + weights["b2"]
    return z1, a1, z2, value_of(net.act, z2)


def loss(net: SmallMlp, weights: dict[str, Floats]) -> float:
    return float(((outputs(net, weights)[3] - net.targets) ** 2).sum() / 2 / len(net.x))


def deltas(net: SmallMlp, bug: str = "none") -> tuple[dict[str, Floats], Floats, Floats]:
    """Gradients by group, and the deltas of the hidden and of the output layer, (n, d) each.

    δ2 = (a2 - t) φ'(z2) / n; δ1 = (δ2 W2) φ'(z1); dW = δᵀ a.
    """
    w = net.weights
    z1, a1, z2, a2 = outputs(net, w)
    d2 = (a2 - net.targets) * slope_of(net.act, z2) / len(net.x)
    back = d2 @ (w["W2"].T if bug == "weights not transposed" else w["W2"])
    d1 = back * (1 if bug == "slope forgotten" else slope_of(net.act, z1))
    made = {
        "W1": d1.T @ net.x,
        "b1": d1.sum(axis=0),
        "W2": d2.T @ (net.x if bug == "input of the wrong layer" else a1),
        "b2": d2.sum(axis=0),
    }
    if bug == "sign of a bias":
        made["b1"] = -made["b1"]
    if bug == "sum for mean":
        made["b2"] = made["b2"] * len(net.x)
    return made, d1, d2


def central_differences(net: SmallMlp, by: float = 1e-5) -> dict[str, Floats]:
    found = {}
    for name in GROUPS:
        slopes = np.zeros_like(net.weights[name])
        for place in np.ndindex(slopes.shape):
            sides = []
            for move in (by, -by):
                moved = net.weights[name].copy()
                moved[place] += move
                sides.append(loss(net, {**net.weights, name: moved}))
            slopes[place] = (sides[0] - sides[1]) / (2 * by)
        found[name] = slopes
    return found
