"""The Architecture of a PyTorch network, from which the NumPy network is built."""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.models.images.architecture import Architecture

TRAINING_ONLY = (nn.Dropout, nn.Dropout2d, nn.Identity)
"""layers that do nothing at inference"""


def architecture_of(net: nn.Sequential, side: int, divisor: float = 127.5, mean: float = 1.0) -> Architecture:
    """For a network whose input is p / `divisor` - `mean` for pixels p of 0 to 255.

    Raises ValueError for a layer that the NumPy network does not have.
    """
    layers = [
        _line(name, layer) for name, layer in net.named_children() if not isinstance(layer, TRAINING_ONLY)
    ]
    return Architecture(side, tuple(layers), divisor, mean)


def _line(name: str, layer: nn.Module) -> dict[str, Any]:
    if isinstance(layer, nn.Conv2d) and _is_plain(layer):
        return {"kind": "conv", "name": name, "padding": _padding(layer), "bias": layer.bias is not None}
    if isinstance(layer, nn.MaxPool2d) and layer.stride == layer.kernel_size and not layer.padding:
        return {"kind": "pool", "name": name, "size": layer.kernel_size}
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return {"kind": "batch_norm", "name": name, "eps": layer.eps}
    for kind, made in (("relu", nn.ReLU), ("flat", nn.Flatten), ("dense", nn.Linear)):
        if isinstance(layer, made):
            return {"kind": kind, "name": name}
    raise ValueError(f"layer {name}, {layer}, cannot be looked into")


def _is_plain(layer: nn.Conv2d) -> bool:
    return layer.stride == layer.dilation == (1, 1) and layer.groups == 1 and layer.padding_mode == "zeros"


def _padding(layer: nn.Conv2d) -> int:
    padding = layer.padding if isinstance(layer.padding, tuple) else (0, 0)
    if layer.padding == "same" and layer.kernel_size[0] % 2:
        padding = (layer.kernel_size[0] // 2, layer.kernel_size[1] // 2)
    if padding[0] != padding[1] or (layer.padding == "same" and not layer.kernel_size[0] % 2):
        raise ValueError(f"{layer} pads its sides unequally")
    return padding[0]
