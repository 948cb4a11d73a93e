"""Parameters and multiply-adds of an image network, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.images.conv_net import ConvNet
from engine.models.images.layers import BatchNorm, Convolution, Dense, Layer, Shape


@dataclass(frozen=True, slots=True)
class LayerCost:
    """`shape` is the output shape for one image; `macs` are multiply-adds per image."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    macs: int


def layer_costs(net: ConvNet) -> list[LayerCost]:
    shapes = net.shapes()
    return [
        LayerCost(layer.name, layer.kind, shapes[at + 1], _parameters(layer), layer.macs(shapes[at]))
        for at, layer in enumerate(net.layers)
    ]


def _parameters(layer: Layer) -> int:
    if isinstance(layer, Convolution | Dense):
        return layer.weight.size + layer.bias.size
    return layer.scale.size + layer.shift.size if isinstance(layer, BatchNorm) else 0
