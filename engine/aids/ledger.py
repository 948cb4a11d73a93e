"""What a layer costs: parameters, and multiply-adds for one picture."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import choice, flag, number

LAYERS = ("convolution", "separable", "dense")


@dataclass(frozen=True, slots=True)
class LedgerParams:
    layer: str = choice("convolution", "Kind of layer.", LAYERS)
    side: int = number(28, "Side of the picture, which the layer keeps.", least=1, most=256)
    into: int = number(1, "Channels that go in.", least=1, most=512)
    out: int = number(32, "Channels that come out.", least=1, most=512)
    kernel: int = number(5, "Side of the kernel.", least=1, most=11)
    bias: bool = flag(True, "Whether each output channel, or unit, has a bias.")


PARAMS = LedgerParams
VALUES = {
    "parameters": "numbers that are learned",
    "multiply_adds": "multiply-adds for one picture",
    "outputs": "numbers that come out",
    "dense_parameters": "parameters of a dense layer with the same outputs",
}


def compute(params: LedgerParams, seed: int) -> Aid:
    costs = {layer: cost(params, layer) for layer in LAYERS}
    values = {
        "parameters": float(costs[params.layer][0]),
        "multiply_adds": float(costs[params.layer][1]),
        "outputs": float(params.side**2 * params.out),
        "dense_parameters": float(costs["dense"][0]),
    }
    rows = [[layer, costs[layer][0], costs[layer][1]] for layer in LAYERS]
    return Aid(values, drawings.table(["layer", "parameters", "multiply-adds"], rows))


def cost(params: LedgerParams, layer: str) -> tuple[int, int]:
    """Parameters and multiply-adds. Separable: a kernel for each channel, then a mixture at each place."""
    places, into, out = params.side**2, params.into, params.out
    if layer == "dense":
        return (places * into + params.bias) * places * out, places * into * places * out
    weights = params.kernel**2 * into * (out if layer == "convolution" else 1)
    weights += into * out if layer == "separable" else 0
    return weights + params.bias * out, weights * places
