"""Deep networks of one width, forward and backward: what depth does to activations and gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids.phi import Floats, slope_of, value_of

INITS = ("xavier", "he", "uniform")
SKIPS = ("none", "skip", "skip and norm")


@dataclass(frozen=True, slots=True)
class DepthTrace:
    """By layer, from the first: norms of dL/dW, and the spread of what leaves the layer."""

    gradients: list[float]
    spreads: list[float]


def initial(init: str, width: int, source: np.random.Generator) -> Floats:
    """Uniform: within 1 / √n; others normal, of the spread that belongs to them."""
    if init == "uniform":
        return source.uniform(-1, 1, (width, width)) / math.sqrt(width)
    return source.normal(0, weight_spread(init, width), (width, width))


def weight_spread(init: str, width: int) -> float:
    """Xavier: √(1 / n); He: √(2 / n); uniform within 1 / √n: √(1 / (3 n))."""
    return math.sqrt({"xavier": 1, "he": 2, "uniform": 1 / 3}[init] / width)


def trace(
    act: str, init: str, depth: int, width: int, seed: int, skip: str = "none", batch: int = 32
) -> DepthTrace:
    """One pass forward and back: random inputs and targets of spread 1, biases zero, mean squared error."""
    source = np.random.default_rng(seed)
    weights = [initial(init, width, source) for _ in range(depth)]
    h, targets = source.normal(0, 1, (batch, width)), source.normal(0, 1, (batch, width))
    kept: list[tuple[Floats, Floats, Floats]] = []
    spreads = []
    for w in weights:
        into = normed(h) if skip == "skip and norm" else h
        z = into @ w.T
        out = value_of(act, z)
        kept.append((h, into, z))
        h = out if skip == "none" else h + out
        spreads.append(float(h.std()))
    delta = (h - targets) / batch
    gradients = []
    for w, (before, into, z) in zip(reversed(weights), reversed(kept), strict=True):
        inner = delta * slope_of(act, z)
        gradients.append(float(np.linalg.norm(inner.T @ into)))
        back = inner @ w
        if skip == "skip and norm":
            back = normed_back(before, back)
        delta = back if skip == "none" else delta + back
    return DepthTrace(gradients[::-1], spreads)


def normed(h: Floats) -> Floats:
    """Layer norm: each row with mean 0 and spread 1."""
    centred = h - h.mean(axis=1, keepdims=True)
    made: Floats = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return made


def normed_back(h: Floats, gradient: Floats) -> Floats:
    """The gradient through `normed`."""
    spread = np.sqrt(h.var(axis=1, keepdims=True) + 1e-5)
    n = normed(h)
    mean = gradient.mean(axis=1, keepdims=True)
    along = (gradient * n).mean(axis=1, keepdims=True)
    made: Floats = (gradient - mean - n * along) / spread
    return made
