"""Filters and maps of one layer at one step of the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.session_protocol.mnist import LayerMaps
from tui.drawings.image_arrays import DARK, Values, greys, numbers, signed

FILTERS, MAPS = "filters/", "maps/"


@dataclass(frozen=True, slots=True)
class PictureMaps:
    """A picture, and the maps of one layer for it: `before` the ReLU in -1 to 1, `after` it in 0 to 1."""

    original: Values | None
    before: Values | None
    after: Values | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`kernels` [filter][channel] pictures of weights, or None while they are not known."""

    layer: str
    kernels: Values | None = None
    pictures: Sequence[PictureMaps] = field(default_factory=tuple)

    @property
    def largest(self) -> float:
        """The largest amount of a weight."""
        return float(np.abs(self.kernels).max()) if self.kernels is not None and self.kernels.size else 0.0

    def shares(self, weights: Values) -> Values:
        """Weights in units of the largest amount: -1 to 1."""
        return weights / self.largest if self.largest else weights


def layers_of(parts: Mapping[str, Any]) -> list[str]:
    """The layers in the parts of a `sketch` event."""
    return [name.removeprefix(FILTERS) for name in parts if name.startswith(FILTERS)]


def snapshot_of(parts: Mapping[str, Any], layer: str, originals: Sequence[Any]) -> Snapshot:
    """From the parts of a `sketch` event; what is not valid is left out."""
    kernels = _array(parts.get(FILTERS + layer), 4)
    maps = _array(parts.get(MAPS + layer), 4)
    pictures = []
    for place in range(len(maps) if maps is not None else 0):
        original = greys(originals[place]) if place < len(originals) else None
        pictures.append(PictureMaps(original, None, None if maps is None else maps[place] / DARK))
    return Snapshot(layer, kernels, pictures)


def picture_maps(original: Any, layer: LayerMaps | None) -> PictureMaps:
    """Of a convolution; of another layer only the picture."""
    if layer is None or len(layer.shape) != 3:
        return PictureMaps(greys(original), None, None)
    after = np.maximum(numbers(layer.after), 0)
    most = float(after.max())
    return PictureMaps(greys(original), signed(numbers(layer.before)), after / most if most else after)


def _array(value: object, dimensions: int) -> Values | None:
    try:
        found = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError):
        return None
    return np.nan_to_num(found) if found.ndim == dimensions and found.size else None
