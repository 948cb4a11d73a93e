"""A filter that forms: a kernel learns to answer as another one does, step by step, and its map before and
behind ReLU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.kernel import correlate, picture
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.params import choice, number

KERNELS = {
    "upright edge": ((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "level edge": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "dot": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "blur": ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
}
PICTURES = 12
MOST_SHOWN = 4


@dataclass(frozen=True, slots=True)
class FiltersParams:
    finds: str = choice("upright edge", "What the kernel has to learn to find.", tuple(KERNELS))
    steps: int = number(
        20, "Steps of descent; in your run its recorded step, from 0.", least=0, most=500, log=False
    )
    lr: float = number(0.2, "Learning rate, as a part of the largest that is stable.", above=0, most=1)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


PARAMS = FiltersParams
VALUES = {
    "loss": "mean squared difference of its maps from those it learns from",
    "first_loss": "the same before the first step",
    "distance": "distance of the kernel from the one it learns from",
    "like": "cosine between the two",
    "cut": "share of its map that ReLU cuts off",
    "step": "recorded step of your run",
    "moved": "distance of its kernels from those recorded first",
    "largest": "largest weight of a kernel",
}


def compute(params: FiltersParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    images = [picture(int(source.integers(1 << 30))) for _ in range(PICTURES)]
    wanted = np.array(KERNELS[params.finds], dtype=float)
    wanted /= np.linalg.norm(wanted)
    windows = np.concatenate([windows_of(image) for image in images])
    start = source.normal(0, 0.3, 9)
    kernel = learn(windows, wanted.ravel(), start, params.steps, params.lr)
    first, now = (difference(windows, one, wanted.ravel()) for one in (start, kernel))
    feature_map = correlate(images[0], kernel.reshape(3, 3))
    values = {
        "loss": now,
        "first_loss": first,
        "distance": float(np.linalg.norm(kernel - wanted.ravel())),
        "like": float(kernel @ wanted.ravel() / np.linalg.norm(kernel)),
        "cut": float((feature_map < 0).mean()),
    }
    shown = [
        ("kernel", kernel.reshape(3, 3).tolist()),
        ("learns from", wanted.tolist()),
        ("picture", images[0].tolist()),
        ("map", feature_map.tolist()),
        ("behind ReLU", np.maximum(feature_map, 0).tolist()),
    ]
    return Aid(values, drawings.pictures(shown, signed=True))


def of_run(step: int, kernels: Floats, first: Floats, maps: Sequence[Any]) -> Aid:
    """The kernels (n, k, k) of a layer at a recorded step, those recorded first, and maps of a picture."""
    values = {
        "step": float(step),
        "moved": float(np.linalg.norm(kernels - first)),
        "largest": float(np.abs(kernels).max()),
    }
    shown = [(f"kernel {number + 1}", kernel.tolist()) for number, kernel in enumerate(kernels[:MOST_SHOWN])]
    shown += [(f"map {number + 1}", one) for number, one in enumerate(maps[:MOST_SHOWN])]
    return Aid(values, drawings.pictures(shown, signed=True) | {"unused": ["finds", "lr"]})


def windows_of(image: Floats) -> Floats:
    """(100, 9): every window of 3 by 3."""
    made: Floats = np.lib.stride_tricks.sliding_window_view(image, (3, 3)).reshape(-1, 9)
    return made


def difference(windows: Floats, kernel: Floats, wanted: Floats) -> float:
    """The mean square of the difference of two kernels' maps."""
    return float(((windows @ (kernel - wanted)) ** 2).mean())


def learn(windows: Floats, wanted: Floats, start: Floats, steps: int, part: float) -> Floats:
    """Descent on the mean squared difference, the rate `part` of 2 over the largest curvature."""
    curvature = 2 * windows.T @ windows / len(windows)
    rate = part * 2 / float(np.linalg.eigvalsh(curvature)[-1])
    kernel = start.copy()
    for _ in range(steps):
        kernel = kernel - rate * curvature @ (kernel - wanted)
    return kernel
