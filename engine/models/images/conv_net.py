"""A trained image network in NumPy: logits of images, activations of its layers, gradients by pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.images.layers import BatchNorm, Convolution, Dense, Floats, Layer, Relu, Shape

Pixels = NDArray[np.uint8]
CHUNK_BYTES = 6 << 20
"""bytes of the windows of one layer: a product larger than the processor's cache is no faster"""
MOST_IMAGES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """Output of one convolution or dense layer for an image: (C, H, W) or (F,).

    `before` is the input of its ReLU (after a batch norm, if there is one, and without pooling), `after` the
    output of the ReLU; both are equal for a layer without ReLU.
    """

    name: str
    kind: str
    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ConvNet:
    """The input of a pixel p is p / `divisor` - `mean`: in [-1, 1] for 127.5 and 1."""

    layers: tuple[Layer, ...]
    side: int
    divisor: float = 127.5
    mean: float = 1.0

    def shapes(self) -> list[Shape]:
        """Shape of one image before each layer, and after the last."""
        shapes: list[Shape] = [(1, self.side, self.side)]
        for layer in self.layers:
            shapes.append(layer.shape(shapes[-1]))
        return shapes

    def logits(self, images: Pixels) -> Floats:
        """(N, side, side) of 0 to 255 -> (N, classes)."""
        return np.concatenate(list(self.logits_by_chunk(images)))

    def logits_by_chunk(self, images: Pixels) -> Iterator[Floats]:
        """`logits` in chunks of images, for progress display and interruption."""
        chunk_size = self.chunk_size()
        for start in range(0, len(images), chunk_size):
            maps = self.normalise(images[start : start + chunk_size])
            for layer in self.layers:
                maps = layer.forward(maps)
            yield maps.T

    def chunk_size(self) -> int:
        """Images per chunk."""
        windows = [
            layer.shape(before)[1] * layer.shape(before)[2] * layer.weight[0].size
            for layer, before in zip(self.layers, self.shapes(), strict=False)
            if isinstance(layer, Convolution)
        ]
        return min(max(CHUNK_BYTES // (4 * max(windows, default=1)), 1), MOST_IMAGES)

    def normalise(self, images: NDArray[np.generic]) -> Floats:
        """(N, side, side) of 0 to 255 -> input (1, side, side, N) of the first layer."""
        maps = np.moveaxis(images, 0, -1)[None].astype(np.float32, order="C")
        maps /= np.float32(self.divisor)
        maps -= np.float32(self.mean)
        return maps

    def layer_values(self, maps: Floats) -> list[Floats]:
        """The values before each layer, and after the last."""
        values = [maps]
        for layer in self.layers:
            values.append(layer.forward(values[-1]))
        return values

    def activations(self, image: Pixels) -> tuple[list[Activations], Floats]:
        """Activations of each weighted layer for one image (side, side), and its logits (classes,)."""
        values = self.layer_values(self.normalise(image[None]))
        found = []
        for at, layer in enumerate(self.layers):
            if isinstance(layer, Convolution | Dense):
                found.append(self._activations_of(at, layer, values[at + 1]))
        return found, values[-1][:, 0]

    def _activations_of(self, at: int, layer: Convolution | Dense, value: Floats) -> Activations:
        """Pooling before the ReLU is left out: the map before pooling has more pixels."""
        for follower in self.layers[at + 1 :]:
            if isinstance(follower, BatchNorm):
                value = follower.forward(value)
            elif isinstance(follower, Relu):
                return Activations(layer.name, layer.kind, value[..., 0], np.maximum(value[..., 0], 0))
            elif isinstance(follower, Convolution | Dense):
                break
        return Activations(layer.name, layer.kind, value[..., 0], value[..., 0])

    def gradient(self, image: Pixels, target: int) -> Floats:
        """Derivative of the logit of class `target` by each pixel (side, side), per grey level."""
        values = self.layer_values(self.normalise(image[None]))
        back = np.zeros_like(values[-1])
        back[target] = 1
        for layer, before in zip(reversed(self.layers), reversed(values[:-1]), strict=True):
            back = layer.backward(back, before)
        slopes: Floats = back[0, :, :, 0] / np.float32(self.divisor)
        return slopes


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    found: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found /= found.sum(axis=-1, keepdims=True)
    return found


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


def occlusion(net: ConvNet, image: Pixels, target: int, size: int | None = None) -> Floats:
    """(side, side): decrease of the probability of `target` when a background square covers the pixel.

    Each pixel is the mean over all squares of `size` that cover it; by default about a seventh of the side.
    """
    side = net.side
    size = size or max(2, side // 7)
    starts = range(side - size + 1)
    covered = np.repeat(image[None], len(starts) ** 2, axis=0)
    squares = [np.s_[top : top + size, left : left + size] for top in starts for left in starts]
    for one, square in zip(covered, squares, strict=True):
        one[square] = 0
    whole = softmax(net.logits(image[None]))[0, target]
    falls = whole - softmax(net.logits(covered))[:, target]
    total, count = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for fall, square in zip(falls, squares, strict=True):
        total[square] += fall
        count[square] += 1
    return total / count


def gradient(net: ConvNet, image: Pixels, target: int) -> NDArray[np.float32]:
    """(side, side): the change of the logit of `target` per grey level of each pixel."""
    return net.gradient(image, target)
