"""Gates by hand: weights and biases of threshold units are set until the four rows are right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.models.xor.xor_net import ROWS, XorNet, losses, plane
from engine.params import choice, number

PUZZLES = {
    "NOT": (1, 1, 0, 0),
    "AND": (0, 0, 0, 1),
    "OR": (0, 1, 1, 1),
    "NAND": (1, 1, 1, 0),
    "NOR": (1, 0, 0, 0),
    "XNOR": (1, 0, 0, 1),
    "XOR": (0, 1, 1, 0),
}
"""outputs for (0, 0), (0, 1), (1, 0), (1, 1); NOT is that of x1"""
SHAPES = {"XNOR": (2, False), "XOR": (1, True)}
"""hidden units and bypass, where one unit is not enough"""


@dataclass(frozen=True, slots=True)
class GateLabParams:
    puzzle: str = choice("AND", "Gate that is asked for.", tuple(PUZZLES))
    w1: float = number(0.0, "Weight from x1 to the output.", least=-20, most=20)
    w2: float = number(0.0, "Weight from x2 to the output.", least=-20, most=20)
    b: float = number(0.0, "Bias of the output.", least=-20, most=20)
    u11: float = number(0.0, "Weight from x1 to hidden unit 1.", least=-20, most=20)
    u12: float = number(0.0, "Weight from x2 to hidden unit 1.", least=-20, most=20)
    c1: float = number(0.0, "Bias of hidden unit 1.", least=-20, most=20)
    v1: float = number(0.0, "Weight from hidden unit 1 to the output.", least=-20, most=20)
    u21: float = number(0.0, "Weight from x1 to hidden unit 2.", least=-20, most=20)
    u22: float = number(0.0, "Weight from x2 to hidden unit 2.", least=-20, most=20)
    c2: float = number(0.0, "Bias of hidden unit 2.", least=-20, most=20)
    v2: float = number(0.0, "Weight from hidden unit 2 to the output.", least=-20, most=20)
    T: float = number(0.001, "Temperature of all units.", above=0, most=10, log=True)


PARAMS = GateLabParams
VALUES = {
    "right": "rows whose output is right",
    "solved": "1 where all four rows are right",
    "loss": "mean cross-entropy over the four rows, in nats",
    "crosses_x1": "where the line crosses the x1 axis",
    "crosses_x2": "where the line crosses the x2 axis",
    "distance": "distance of the line from the origin, |b| / ‖w‖",
    "angle": "direction of the weights in degrees, counted from the x1 axis",
}


def compute(params: GateLabParams, seed: int) -> Aid:
    net, wanted = network(params), np.array(PUZZLES[params.puzzle])
    logits = net.logits(ROWS)
    outputs = net.output(ROWS)
    is_right = (logits > 0) == (wanted == 1)
    values = {
        "right": float(is_right.sum()),
        "solved": float(is_right.all()),
        "loss": losses(net, ROWS, wanted.astype(float)).bce,
        **_line(params),
    }
    return Aid(values, _picture(params, net, wanted, outputs))


def network(params: GateLabParams) -> XorNet:
    """Only the numbers that the puzzle has are used."""
    units, bypass = SHAPES.get(params.puzzle, (0, True))
    hidden = [(params.u11, params.u12), (params.u21, params.u22)][:units]
    return XorNet(
        np.array(hidden).reshape(units, 2),
        np.array([params.c1, params.c2][:units]),
        np.array([params.w1, params.w2][: 2 if bypass else 0] + [params.v1, params.v2][:units]),
        params.b,
        bypass,
        "btu",
        params.T,
    )


def _line(params: GateLabParams) -> dict[str, float]:
    norm = math.hypot(params.w1, params.w2)
    if norm == 0 or params.puzzle in SHAPES:
        return {}
    line = {"distance": abs(params.b) / norm, "angle": math.degrees(math.atan2(params.w2, params.w1))}
    if params.w1:
        line["crosses_x1"] = -params.b / params.w1 + 0.0
    if params.w2:
        line["crosses_x2"] = -params.b / params.w2 + 0.0
    return line


def _picture(
    params: GateLabParams, net: XorNet, wanted: np.ndarray[Any, Any], outputs: np.ndarray[Any, Any]
) -> dict[str, Any]:
    lines = [
        (f"hidden {k + 1}", float(w[0]), float(w[1]), float(bias))
        for k, (w, bias) in enumerate(zip(net.hidden_weight, net.hidden_bias, strict=True))
    ]
    if params.puzzle not in SHAPES:
        lines.append(("output", params.w1, params.w2, params.b))
    points = [(float(x), float(y), int(want)) for (x, y), want in zip(ROWS, wanted, strict=True)]
    rows = [
        [int(x), int(y), int(want), float(out)]
        for (x, y), want, out in zip(ROWS, wanted, outputs, strict=True)
    ]
    shade = [drawings.floats(row) for row in plane(net, 24, 24)]
    return drawings.plane(points, lines, shade=shade) | {"rows": rows, "unused": unused(params.puzzle)}


def unused(puzzle: str) -> list[str]:
    """The parameters that the network of a puzzle does not have."""
    units, bypass = SHAPES.get(puzzle, (0, True))
    hidden = (("u11", "u12", "c1", "v1"), ("u21", "u22", "c2", "v2"))
    return [*(() if bypass else ("w1", "w2")), *(name for names in hidden[units:] for name in names)]
