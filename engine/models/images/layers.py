"""The layers of an image network, on maps (C, H, W, N) or vectors (F, N), images last."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def convolve(maps: Floats, weight: Floats, bias: Floats, padding: int) -> Floats:
    """(C, H, W, N) with `weight` (K, C, h, w) -> (K, H', W', N), stride 1, zero padding."""
    kernels, channels, high, wide = weight.shape
    padded = _pad(maps, padding)
    height, width = padded.shape[1] - high + 1, padded.shape[2] - wide + 1
    windows = np.empty((channels, high, wide, height, width, maps.shape[3]), dtype=np.float32)
    for dy in range(high):
        for dx in range(wide):
            windows[:, dy, dx] = padded[:, dy : dy + height, dx : dx + width]
    seen = weight.reshape(kernels, -1) @ windows.reshape(channels * high * wide, -1)
    seen += bias[:, None]
    return seen.reshape(kernels, height, width, -1)


def convolve_back(gradient: Floats, weight: Floats, padding: int, side: tuple[int, int]) -> Floats:
    """The gradient by the output (K, H', W', N) -> by the input (C, H, W, N), where `side` is (H, W)."""
    kernels, channels, high, wide = weight.shape
    height, width, images = gradient.shape[1:]
    windows = (weight.reshape(kernels, -1).T @ gradient.reshape(kernels, -1)).reshape(
        channels, high, wide, height, width, images
    )
    padded = np.zeros((channels, side[0] + 2 * padding, side[1] + 2 * padding, images), dtype=np.float32)
    for dy in range(high):
        for dx in range(wide):
            padded[:, dy : dy + height, dx : dx + width] += windows[:, dy, dx]
    return padded[:, padding : padding + side[0], padding : padding + side[1]]


def _pad(maps: Floats, padding: int) -> Floats:
    if not padding:
        return maps
    channels, height, width, images = maps.shape
    padded = np.zeros((channels, height + 2 * padding, width + 2 * padding, images), dtype=np.float32)
    padded[:, padding : padding + height, padding : padding + width] = maps
    return padded


Shape = tuple[int, ...]
"""of one image: (channels, height, width) or (features,)"""


class _AnyLayer:
    """A layer is this, unless it says otherwise: of the shape of its input, with no multiply-adds."""

    __slots__ = ()

    def shape(self, before: Shape) -> Shape:
        return before

    def macs(self, before: Shape) -> int:
        """Multiply-adds per image."""
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    name: str
    weight: Floats
    bias: Floats
    padding: int
    kind = "conv"

    def shape(self, before: Shape) -> Shape:
        kernels, _, high, wide = self.weight.shape
        _, height, width = before
        return kernels, height + 2 * self.padding - high + 1, width + 2 * self.padding - wide + 1

    def forward(self, maps: Floats) -> Floats:
        return convolve(maps, self.weight, self.bias, self.padding)

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return convolve_back(gradient, self.weight, self.padding, (before.shape[1], before.shape[2]))

    def macs(self, before: Shape) -> int:
        return prod(self.shape(before)[1:]) * self.weight.size


@dataclass(frozen=True, slots=True, eq=False)
class BatchNorm(_AnyLayer):
    """Batch normalisation at inference: a factor and an offset per channel."""

    name: str
    scale: Floats
    shift: Floats
    kind = "batch_norm"

    def forward(self, maps: Floats) -> Floats:
        return maps * self._of(self.scale, maps) + self._of(self.shift, maps)

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return gradient * self._of(self.scale, before)

    def macs(self, before: Shape) -> int:
        return prod(before)

    def _of(self, values: Floats, maps: Floats) -> Floats:
        return values.reshape(-1, *[1] * (maps.ndim - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Relu(_AnyLayer):
    name: str
    kind = "relu"

    def forward(self, maps: Floats) -> Floats:
        return np.maximum(maps, 0)

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return gradient * (before > 0)


@dataclass(frozen=True, slots=True, eq=False)
class MaxPool(_AnyLayer):
    """The largest of each `size` x `size` square; pixels left over at the edges are ignored."""

    name: str
    size: int = 2
    kind = "pool"

    def shape(self, before: Shape) -> Shape:
        return before[0], before[1] // self.size, before[2] // self.size

    def forward(self, maps: Floats) -> Floats:
        parts = self._parts(maps)
        largest = np.maximum(parts[0], parts[1])
        for part in parts[2:]:
            np.maximum(largest, part, out=largest)
        return largest

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        """Among equal values the first gets the gradient, as in PyTorch."""
        back, largest = np.zeros_like(before), self.forward(before)
        open_still = np.ones(largest.shape, dtype=bool)
        for into, part in zip(self._parts(back), self._parts(before), strict=True):
            chosen = open_still & (part == largest)
            into[...] = gradient * chosen
            open_still &= ~chosen
        return back

    def _parts(self, maps: Floats) -> list[Floats]:
        _, height, width = self.shape(maps.shape[:3])
        size, bottom, right = self.size, height * self.size, width * self.size
        return [maps[:, dy:bottom:size, dx:right:size] for dy in range(size) for dx in range(size)]


@dataclass(frozen=True, slots=True, eq=False)
class Flat(_AnyLayer):
    name: str
    kind = "flat"

    def shape(self, before: Shape) -> Shape:
        return (prod(before),)

    def forward(self, maps: Floats) -> Floats:
        return maps.reshape(-1, maps.shape[-1])

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return gradient.reshape(before.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    name: str
    weight: Floats
    bias: Floats
    kind = "dense"

    def shape(self, before: Shape) -> Shape:
        return (len(self.weight),)

    def forward(self, features: Floats) -> Floats:
        values: Floats = self.weight @ features
        values += self.bias[:, None]
        return values

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return self.weight.T @ gradient

    def macs(self, before: Shape) -> int:
        return int(self.weight.size)


@dataclass(frozen=True, slots=True, eq=False)
class ScaleLayer(_AnyLayer):
    """One factor for all values: the temperature after the last layer in some recipes."""

    name: str
    factor: float
    kind = "scale"

    def forward(self, maps: Floats) -> Floats:
        return maps * np.float32(self.factor)

    def backward(self, gradient: Floats, before: Floats) -> Floats:
        return gradient * np.float32(self.factor)


Layer = Convolution | BatchNorm | Relu | MaxPool | Flat | Dense | ScaleLayer
