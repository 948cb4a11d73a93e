"""What is kept and shown of a PyTorch network: its Architecture, its weights as arrays, its live images."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.models.images.architecture import Architecture
from engine.models.images.live_images import LiveImages

TRAINING_ONLY = (nn.Dropout, nn.Dropout2d, nn.Identity)
"""layers that do nothing at inference"""


def architecture_of(net: nn.Sequential, side: int) -> Architecture:
    """For a network whose input is p / 127.5 - 1 for pixels p of 0 to 255.

    Raises ValueError for a layer that the NumPy network does not have.
    """
    layers = [
        _line(name, layer) for name, layer in net.named_children() if not isinstance(layer, TRAINING_ONLY)
    ]
    return Architecture(side, tuple(layers), divisor=127.5, mean=1.0)


def live_images_of(net: nn.Sequential, pixels: Tensor, keep: Callable[[str, bytes], object]) -> LiveImages:
    """The images that the app shows during training: filters, and the feature maps of four images.

    `pixels` are (images, 1, side, side) from -1 to 1; `keep` writes the architecture to model.json.
    """
    sample = ((pixels[:4, 0] + 1) * 127.5).round().to("cpu", torch.uint8).numpy()
    pictures = LiveImages(architecture_of(net, side=sample.shape[-1]), sample)
    keep("model.json", json.dumps(pictures.description()).encode())
    return pictures


def arrays_of(net: nn.Module) -> dict[str, np.ndarray]:
    """The current weights by name; on a CPU views of the same memory."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in net.state_dict().items() if tensor.ndim}


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
