"""A kernel by hand: nine numbers over a picture, the products at one place, and the flip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.errors import ParamError
from engine.params import flag, number, text

SIDE = 12


@dataclass(frozen=True, slots=True)
class KernelParams:
    kernel: str = text("1 0 -1 1 0 -1 1 0 -1", "Nine numbers, row by row.")
    row: int = number(4, "Row of the output cell, from 0.", least=0, most=SIDE - 3)
    column: int = number(4, "Column of the output cell, from 0.", least=0, most=SIDE - 3)
    flip: bool = flag(False, "Whether the kernel is turned by half a turn: convolution, not correlation.")

    def check(self) -> None:
        nine(self.kernel)


PARAMS = KernelParams
VALUES = {
    "cell": "output at this place",
    "least": "least output",
    "largest": "largest output",
    "flip_matters": "largest difference that the flip makes",
    "finds": "1 where no flip matters, the largest output is above 1 and the least below -.5",
}


def nine(given: str) -> Floats:
    """(3, 3). Raises ParamError."""
    try:
        found = np.array([float(one) for one in given.replace(",", " ").split()])
    except ValueError:
        found = np.zeros(0)
    if found.shape != (9,) or not np.isfinite(found).all() or np.abs(found).max() > 1e6:
        raise ParamError(f"kernel: expected nine numbers, got {given[:80]!r}.")
    return found.reshape(3, 3)


def compute(params: KernelParams, seed: int) -> Aid:
    image, kernel = picture(seed), nine(params.kernel)
    used = kernel[::-1, ::-1] if params.flip else kernel
    out, other = correlate(image, used), correlate(image, used[::-1, ::-1])
    values = {
        "cell": float(out[params.row, params.column]),
        "least": float(out.min()),
        "largest": float(out.max()),
        "flip_matters": float(np.abs(out - other).max()),
        "finds": float(np.allclose(out, other) and out.max() > 1 and out.min() < -0.5),
    }
    window = image[params.row : params.row + 3, params.column : params.column + 3]
    shown = [
        ("picture", image.tolist()),
        ("kernel", used.tolist()),
        ("products", (window * used).tolist()),
        ("output", out.tolist()),
    ]
    return Aid(values, drawings.pictures(shown, signed=True))


def correlate(image: Floats, kernel: Floats) -> Floats:
    """The kernel at every place where it fits: products summed, without a flip, as frameworks do."""
    height, width = image.shape[0] - 2, image.shape[1] - 2
    out = np.zeros((height, width))
    for row in range(3):
        for column in range(3):
            out += kernel[row, column] * image[row : row + height, column : column + width]
    return out


def picture(seed: int) -> Floats:
    """(12, 12), 0 to 1: a bright stroke that the seed turns."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    turn = np.random.default_rng(seed).uniform(0, np.pi)
    away = np.abs(np.cos(turn) * x + np.sin(turn) * y)
    made: Floats = np.clip(1.6 - away, 0, 1) * (np.hypot(x, y) < 5)
    return made
