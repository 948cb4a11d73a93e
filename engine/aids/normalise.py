"""Raw against standardised pixels: how many tanh units of a first layer are saturated on the first batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import choice, number

SATURATED = 0.99


@dataclass(frozen=True, slots=True)
class NormaliseParams:
    scale: str = choice(
        "raw", "Pixels: 0 to 255, 0 to 1, or with mean 0 and spread 1.", ("raw", "unit", "standardised")
    )
    units: int = number(100, "Units of the layer.", least=10, most=400)


PARAMS = NormaliseParams
VALUES = {
    "saturated": "share of outputs beyond .99, on either side",
    "slope": "mean slope of tanh at these sums",
    "spread": "spread of the sums z",
}


def compute(params: NormaliseParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    x = strokes(source, 64)
    if params.scale != "raw":
        x = x / 255
    if params.scale == "standardised":
        x = (x - x.mean()) / x.std()
    limit = math.sqrt(6 / (784 + params.units))
    z = x @ source.uniform(-limit, limit, (784, params.units))
    a = np.tanh(z)
    values = {
        "saturated": float((np.abs(a) > SATURATED).mean()),
        "slope": float((1 - a * a).mean()),
        "spread": float(z.std()),
    }
    counts, edges = np.histogram(a, bins=20, range=(-1, 1))
    bars = [(f"{edge:.1f}", float(count)) for edge, count in zip(edges[:-1], counts, strict=True)]
    return Aid(values, drawings.bars(bars, unit="outputs"))


def strokes(source: np.random.Generator, count: int) -> Floats:
    """(count, 784) pictures of 28 x 28 with thick bright strokes, 0 to 255, as those of digits."""
    y, x = np.mgrid[0:28, 0:28]
    pictures = np.zeros((count, 28, 28))
    for picture in pictures:
        at = source.uniform(7, 21, 2)
        for _ in range(4):
            end = np.clip(at + source.normal(0, 7, 2), 5, 23)
            for part in np.linspace(0, 1, 12):
                spot = at + part * (end - at)
                near = (y - spot[0]) ** 2 + (x - spot[1]) ** 2
                np.maximum(picture, 255 * np.exp(-near / 2.5), out=picture)
            at = end
    return pictures.reshape(count, 784)
