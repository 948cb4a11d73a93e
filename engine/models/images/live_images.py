"""Small images of a network during training: its filters, and the feature maps of a few fixed images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.images.architecture import Architecture, Tensors, build, to_json
from engine.models.images.conv_net import Pixels
from engine.models.images.layers import Convolution, Dense, Layer

NUMBERS = 16_000
"""numbers in one sketch, at most"""
MOST_KERNELS, MOST_CHANNELS, MOST_TEMPLATES = 16, 5, 10


@dataclass(frozen=True, slots=True, eq=False)
class LiveImages:
    plan: Architecture
    images: Pixels

    def description(self) -> Mapping[str, Any]:
        """The content of model.json."""
        return to_json(self.plan)

    def parts(self, tensors: Tensors) -> dict[str, Sequence[Any]]:
        """The sketch of these weights, for each layer whose input is an image:

        filters/NAME  [kernel][channel] rows of weights, the first of them; a dense layer's are templates,
                      whole numbers from -127 to 127
        maps/NAME     [image][kernel] rows of whole numbers, 0 to 255: the output of its ReLU and pooling
        """
        net = build(tensors, self.plan)
        weighted = [layer for layer in net.layers if isinstance(layer, Convolution | Dense)]
        shown = [layer for layer in weighted if layer.kind == Convolution.kind] or weighted[:1]
        parts: dict[str, Sequence[Any]] = {}
        values = net.layer_values(net.normalise(self.images))
        for layer in shown:
            if isinstance(layer, Dense):
                parts[f"filters/{layer.name}"] = _templates(layer, net.side)
                continue
            filters = layer.weight[:MOST_KERNELS, :MOST_CHANNELS]
            behind = _last_picture(net.layers, net.layers.index(layer))
            parts[f"filters/{layer.name}"] = filters.tolist()
            parts[f"maps/{layer.name}"] = _maps(values[behind + 1], NUMBERS // len(shown) - filters.size)
        return parts


def _last_picture(layers: Sequence[Layer], at: int) -> int:
    """Index of the last layer that belongs to a convolution: batch norm, pooling and ReLU after it."""
    while at + 1 < len(layers) and layers[at + 1].kind in ("batch_norm", "pool", "relu"):
        at += 1
    return at


def _templates(layer: Dense, side: int) -> list[Any]:
    weight = layer.weight[:MOST_TEMPLATES].reshape(-1, 1, side, side)
    largest = float(np.abs(weight).max()) or 1.0
    listed: list[Any] = np.rint(weight * (127 / largest)).astype(np.int8).tolist()
    return listed


def _maps(maps: NDArray[np.float32], budget: int) -> list[Any]:
    """(K, H, W, N) -> [image][kernel] rows; as many kernels as the budget allows."""
    kernels, height, width, images = maps.shape
    shown = np.maximum(maps[: max(1, min(kernels, budget // (height * width * images)))], 0)
    grey = np.rint(shown * (255 / (float(shown.max()) or 1.0))).astype(np.uint8)
    listed: list[Any] = np.moveaxis(grey, -1, 0).tolist()
    return listed
