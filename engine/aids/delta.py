"""Deltas by hand: from the output back, beside central differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.aids.small_mlp import GROUPS, central_differences, deltas, loss, outputs, small_mlp
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class DeltaParams:
    act: str = choice("tanh", "Activation of both layers.", ("sigmoid", "tanh", "linear"))
    units: int = number(3, "Units of each layer.", least=1, most=6)
    examples: int = number(1, "Examples.", least=1, most=16)


PARAMS = DeltaParams
VALUES = {
    "loss": "half the mean squared error",
    "delta_output": "norm of the deltas of the output layer",
    "delta_hidden": "norm of the deltas of the hidden layer",
    "gradient": "largest gradient, without its sign",
    "difference": "largest difference from central differences",
}


def compute(params: DeltaParams, seed: int) -> Aid:
    net = small_mlp(params.act, params.units, params.examples, seed)
    made, hidden, output = deltas(net)
    checked = central_differences(net)
    values = {
        "loss": loss(net, net.weights),
        "delta_output": float(np.linalg.norm(output)),
        "delta_hidden": float(np.linalg.norm(hidden)),
        "gradient": max(float(np.abs(made[name]).max()) for name in GROUPS),
        "difference": max(float(np.abs(made[name] - checked[name]).max()) for name in GROUPS),
    }
    _, a1, _, a2 = outputs(net, net.weights)
    layers = [[{"name": f"x{i + 1}", "value": float(v)} for i, v in enumerate(net.x[0])]]
    for sign, a, d in (("h", a1[0], hidden[0]), ("y", a2[0], output[0])):
        layers.append(
            [
                {"name": f"{sign}{i + 1}", "value": float(v), "gradient": float(g)}
                for i, (v, g) in enumerate(zip(a, d, strict=True))
            ]
        )
    edges = []
    for group, start, end in (("W1", "x", "h"), ("W2", "h", "y")):
        for (i, j), weight in np.ndenumerate(net.weights[group]):
            edges.append((f"{start}{j + 1}", f"{end}{i + 1}", float(weight)))
    return Aid(values, drawings.net(layers, edges))
