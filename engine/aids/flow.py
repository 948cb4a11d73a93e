"""Gradients through depth: norms of dL/dW layer by layer, for an activation and an initialisation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.deep_net import INITS, trace, weight_spread
from engine.aids.result import Aid
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class FlowParams:
    act: str = choice("sigmoid", "Activation function.", ("sigmoid", "tanh", "relu", "leaky", "gelu", "silu"))
    init: str = choice("xavier", "Initial weights.", INITS)
    depth: int = number(20, "Layers.", least=2, most=60)
    width: int = number(64, "Units of a layer.", least=4, most=128, log=True)


PARAMS = FlowParams
VALUES = {
    "first_norm": "norm of the gradient of the first layer",
    "last_norm": "norm of the gradient of the last layer",
    "ratio": "first norm over last norm",
    "first_spread": "spread of what leaves the first layer",
    "last_spread": "spread of what leaves the last layer",
    "weight_spread": "spread of the initial weights, by the formula",
}


def compute(params: FlowParams, seed: int) -> Aid:
    made = trace(params.act, params.init, params.depth, params.width, seed)
    values = {
        "first_norm": made.gradients[0],
        "last_norm": made.gradients[-1],
        "first_spread": made.spreads[0],
        "last_spread": made.spreads[-1],
        "weight_spread": weight_spread(params.init, params.width),
    }
    if made.gradients[-1]:
        values["ratio"] = made.gradients[0] / made.gradients[-1]
    bars = [(f"layer {number + 1}", norm) for number, norm in enumerate(made.gradients)]
    return Aid(values, drawings.bars(bars, unit="‖dL/dW‖", log=True) | {"spreads": made.spreads})
