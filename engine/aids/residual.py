"""With and without a skip: what leaves 50 layers forward, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.deep_net import INITS, SKIPS, trace
from engine.aids.result import Aid
from engine.params import choice, number


@dataclass(frozen=True, slots=True)
class ResidualParams:
    skip: str = choice("none", "Connection around each layer.", SKIPS)
    act: str = choice("tanh", "Activation function.", ("tanh", "relu", "gelu"))
    init: str = choice("uniform", "Initial weights.", INITS)
    depth: int = number(50, "Layers.", least=2, most=80)


WIDTH = 32
PARAMS = ResidualParams
VALUES = {
    "first_norm": "norm of the gradient of the first layer",
    "last_norm": "norm of the gradient of the last layer",
    "last_spread": "spread of what leaves the last layer",
    "alive": "1 where the first norm is between .1 and 200",
}


def compute(params: ResidualParams, seed: int) -> Aid:
    made = trace(params.act, params.init, params.depth, WIDTH, seed, params.skip)
    values = {
        "first_norm": made.gradients[0],
        "last_norm": made.gradients[-1],
        "last_spread": made.spreads[-1],
        "alive": float(0.1 <= made.gradients[0] <= 200),
    }
    bars = [(f"layer {number + 1}", norm) for number, norm in enumerate(made.gradients)]
    return Aid(values, drawings.bars(bars, unit="‖dL/dW‖", log=True) | {"spreads": made.spreads})
