"""A trained picture network: pixels in, ten logits out, and everything it computes on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.images.convolution import Floats
from engine.models.images.layers import BatchNorm, Convolution, Dense, Layer, Relu, Shape

Pixels = NDArray[np.uint8]
CHUNK_BYTES = 6 << 20
"""of the windows of one layer: beyond a processor's caches a product becomes no quicker"""
MOST_IMAGES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """What one convolution or hidden layer made of an image: (C, H, W) or (F,).

    `before` is what its ReLU was given (behind a batch norm, if it has one; pooling left out), `after` what
    the ReLU left of it; equal for a layer without ReLU.
    """

    name: str
    kind: str
    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ConvNet:
    """Pixels p are seen as p / `divisor` - `mean`: into [-1, 1] with 127.5 and 1."""

    layers: tuple[Layer, ...]
    side: int
    divisor: float = 127.5
    mean: float = 1.0

    def shapes(self) -> list[Shape]:
        """Of one image in front of each layer, and behind the last."""
        shapes: list[Shape] = [(1, self.side, self.side)]
        for layer in self.layers:
            shapes.append(layer.shape(shapes[-1]))
        return shapes

    def logits(self, images: Pixels) -> Floats:
        """(N, side, side) of 0 to 255 -> (N, classes)."""
        return np.concatenate(list(self.logits_by_chunk(images)))

    def logits_by_chunk(self, images: Pixels, chunk: int | None = None) -> Iterator[Floats]:
        """The same a few images at a time, for whoever shows progress or may be interrupted."""
        chunk = chunk or self.chunk()
        for start in range(0, len(images), chunk):
            maps = self.enter(images[start : start + chunk])
            for layer in self.layers:
                maps = layer.forward(maps)
            yield maps.T

    def chunk(self) -> int:
        """How many images are looked at together."""
        windows = [
            layer.shape(before)[1] * layer.shape(before)[2] * layer.weight[0].size
            for layer, before in zip(self.layers, self.shapes(), strict=False)
            if isinstance(layer, Convolution)
        ]
        return min(max(CHUNK_BYTES // (4 * max(windows, default=1)), 1), MOST_IMAGES)

    def enter(self, images: NDArray[np.generic]) -> Floats:
        """(N, side, side) as the first layer sees it: (1, side, side, N)."""
        maps = np.moveaxis(images, 0, -1)[None].astype(np.float32, order="C")
        maps /= np.float32(self.divisor)
        maps -= np.float32(self.mean)
        return maps

    def passed(self, maps: Floats) -> list[Floats]:
        """What stands in front of each layer, and behind the last."""
        values = [maps]
        for layer in self.layers:
            values.append(layer.forward(values[-1]))
        return values

    def seen(self, image: Pixels) -> tuple[list[Activations], Floats]:
        """What each layer made of one image (side, side), and its logits (classes,)."""
        values = self.passed(self.enter(image[None]))
        found = []
        for at, layer in enumerate(self.layers):
            if isinstance(layer, Convolution | Dense):
                found.append(self._seen(at, layer, values[at + 1]))
        return found, values[-1][:, 0]

    def _seen(self, at: int, layer: Convolution | Dense, value: Floats) -> Activations:
        """A pooling in front of the ReLU is left out: the picture before pooling is the larger one."""
        for follower in self.layers[at + 1 :]:
            if isinstance(follower, BatchNorm):
                value = follower.forward(value)
            elif isinstance(follower, Relu):
                return Activations(layer.name, layer.kind, value[..., 0], np.maximum(value[..., 0], 0))
            elif isinstance(follower, Convolution | Dense):
                break
        return Activations(layer.name, layer.kind, value[..., 0], value[..., 0])

    def gradient(self, image: Pixels, target: int) -> Floats:
        """How the logit of class `target` moves with each pixel (side, side), per step of one grey level."""
        values = self.passed(self.enter(image[None]))
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
