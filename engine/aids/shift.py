"""Move the picture: what pooling keeps of a shift, and what its stride breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import number


@dataclass(frozen=True, slots=True)
class ShiftParams:
    pixels: int = number(1, "Pixels by which the picture moves to the right.", least=0, most=8)
    side: int = number(2, "Side of the windows of the max-pool.", least=1, most=4)


PARAMS = ShiftParams
VALUES = {
    "unchanged": "share of pooled values that stay as they were",
    "moved": "share of pooled values that moved along, by as many cells as the shift has strides",
    "before_pool": "share of values before pooling that moved along",
}


def compute(params: ShiftParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    image = source.normal(size=(48, 48))
    shifted = np.roll(image, params.pixels, axis=1)
    before, after = pooled(image, params.side), pooled(shifted, params.side)
    cells = params.pixels // params.side
    values = {
        "unchanged": float((after == before).mean()),
        "moved": float((after == np.roll(before, cells, axis=1)).mean()),
        "before_pool": float((shifted == np.roll(image, params.pixels, axis=1)).mean()),
    }
    shown = [("pooled", before[:12, :12].tolist()), ("pooled after the shift", after[:12, :12].tolist())]
    return Aid(values, drawings.pictures(shown, signed=True))


def pooled(image: Floats, side: int) -> Floats:
    """The largest value of each window, windows side by side."""
    count = len(image) // side
    windows = image[: count * side, : count * side].reshape(count, side, count, side)
    made: Floats = windows.max(axis=(1, 3))
    return made
