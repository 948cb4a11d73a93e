"""Receptive field: by the formula, and counted from the pixels that reach one unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.errors import ParamError
from engine.params import text

MOST_LAYERS = 10


@dataclass(frozen=True, slots=True)
class ReceptiveParams:
    layers: str = text("5 2/2 5 2/2", "Layers as kernel or kernel/stride, from the input on.")

    def check(self) -> None:
        sizes(self.layers)


PARAMS = ReceptiveParams
VALUES = {
    "field": "pixels along a side that one unit depends on, by the formula",
    "step": "pixels between neighbouring units",
    "counted": "pixels that reach one unit, counted",
}


def sizes(given: str) -> list[tuple[int, int]]:
    """Kernel and stride of each layer. Raises ParamError."""
    found: list[tuple[int, int]] = []
    for one in given.replace(",", " ").split():
        kernel, _, stride = one.partition("/")
        if not kernel.isdecimal() or (stride and not stride.isdecimal()) or len(one) > 5:
            found = []
            break
        found.append((int(kernel), int(stride or 1)))
    if not 1 <= len(found) <= MOST_LAYERS or not all(1 <= k <= 11 and 1 <= s <= 4 for k, s in found):
        raise ParamError(
            f"layers: expected 1 to {MOST_LAYERS} of KERNEL or KERNEL/STRIDE, got {given[:80]!r}."
        )
    return found


def compute(params: ReceptiveParams, seed: int) -> Aid:
    layers = sizes(params.layers)
    field, step, rows = 1, 1, []
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
        rows.append([f"{kernel}/{stride}", field, step])
    values = {"field": float(field), "step": float(step), "counted": float(counted(layers))}
    return Aid(values, drawings.table(["layer", "field", "step"], rows))


def counted(layers: list[tuple[int, int]]) -> int:
    """Input places with a path to unit 0, followed back layer by layer."""
    reached = {0}
    for kernel, stride in reversed(layers):
        reached = {place * stride + offset for place in reached for offset in range(kernel)}
    return int(np.ptp(list(reached))) + 1
