"""One unit: z = w1 x1 + w2 x2 + b, a = φ(z), and how a answers to each of its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.phi import NAMES, slope_of, value_of
from engine.aids.result import Aid
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class NeuronParams:
    x1: float = number(1.0, "First input.", least=-10, most=10)
    x2: float = number(2.0, "Second input.", least=-10, most=10)
    w1: float = number(0.5, "Weight of the first input.", least=-10, most=10)
    w2: float = number(-1.0, "Weight of the second input.", least=-10, most=10)
    b: float = number(1.0, "Bias.", least=-10, most=10)
    act: str = choice("sigmoid", "Activation function.", NAMES)
    target: float = number(0.9, "Output that is asked for.", least=-10, most=10)


PARAMS = NeuronParams
VALUES = {
    "z": "weighted sum plus bias",
    "a": "output, φ(z)",
    "slope": "slope of φ at z",
    "da_dw1": "change of a for a change of w1",
    "da_dw2": "change of a for a change of w2",
    "da_db": "change of a for a change of b",
    "da_dx1": "change of a for a change of x1",
    "da_dx2": "change of a for a change of x2",
    "reached": "1 where the output is within .01 of the one asked for, and one input excites, one inhibits",
}


def compute(params: NeuronParams, seed: int) -> Aid:
    z = params.w1 * params.x1 + params.w2 * params.x2 + params.b
    a, slope = float(value_of(params.act, z)), float(slope_of(params.act, z))
    values = {
        "z": z,
        "a": a,
        "slope": slope,
        "da_dw1": slope * params.x1,
        "da_dw2": slope * params.x2,
        "da_db": slope,
        "da_dx1": slope * params.w1,
        "da_dx2": slope * params.w2,
        "reached": float(abs(a - params.target) <= 0.01 and params.w1 * params.w2 < 0),
    }
    inputs = [
        {"name": f"x{i}", "value": x, "note": _effect(w)}
        for i, x, w in ((1, params.x1, params.w1), (2, params.x2, params.w2))
    ]
    unit = {"name": "a", "value": a, "note": f"z {z:.4g}, slope {slope:.4g}"}
    edges = [("x1", "a", params.w1), ("x2", "a", params.w2), ("1", "a", params.b)]
    return Aid(values, drawings.net([[*inputs, {"name": "1", "value": 1.0}], [unit]], edges))


def _effect(weight: float) -> str:
    return "no effect" if weight == 0 else "excites" if weight > 0 else "inhibits"
