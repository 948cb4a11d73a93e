"""A network at one step of its training: its filters and what they make of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.protocol import Json
from tui.drawings.pixels import DARK, Values, greys, numbers, signed

FILTERS, MAPS = "filters/", "maps/"


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A picture, and the maps of one layer for it: `before` its ReLU in -1 to 1, `after` it in 0 to 1."""

    original: Values | None
    before: Values | None
    after: Values | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`kernels` [filter][channel] pictures of weights, or None while they are not known."""

    layer: str
    kernels: Values | None = None
    looks: Sequence[SnapshotView] = field(default_factory=tuple)

    @property
    def largest(self) -> float:
        """The largest amount of a weight."""
        return float(np.abs(self.kernels).max()) if self.kernels is not None and self.kernels.size else 0.0

    def shares(self, weights: Values) -> Values:
        """Some of its weights in units of the largest amount: -1 to 1."""
        return weights / self.largest if self.largest else weights


def layers_of(parts: Json) -> list[str]:
    """The layers that a sketch tells of."""
    return [name.removeprefix(FILTERS) for name in parts if name.startswith(FILTERS)]


def sketched(parts: Json, layer: str, originals: Sequence[Any]) -> Snapshot:
    """From a sketch; what does not fit together is left out."""
    kernels = _array(parts.get(FILTERS + layer), 4)
    maps = _array(parts.get(MAPS + layer), 4)
    looks = []
    for place in range(len(maps) if maps is not None else 0):
        original = greys(originals[place]) if place < len(originals) else None
        looks.append(SnapshotView(original, None, None if maps is None else maps[place] / DARK))
    return Snapshot(layer, kernels, looks)


def kernels_of(answer: Json) -> Values:
    """From an answer of mnist.filters."""
    return numbers(answer)


def look_of(answer: Json, layer: str) -> SnapshotView:
    """From an answer of mnist.maps."""
    found = next((one for one in answer["layers"] if one["name"] == layer), None)
    if found is None or len(found["shape"]) != 3:
        return SnapshotView(greys(answer["original"]), None, None)
    after = np.maximum(numbers(found["after"]), 0)
    most = float(after.max())
    return SnapshotView(
        greys(answer["original"]), signed(numbers(found["before"])), after / most if most else after
    )


def _array(value: object, dimensions: int) -> Values | None:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError):
        return None
    return np.nan_to_num(found) if found.ndim == dimensions and found.size else None
