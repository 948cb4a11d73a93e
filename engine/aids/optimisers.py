"""Steps of optimisers as PyTorch takes them: v = β v + g, p -= lr v; Nesterov: p -= lr (g + β v); Adam."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.aids.phi import Floats

METHODS = ("plain", "momentum", "nesterov", "adam")
FARTHEST = 1e12
"""the distance from the origin at which a path has diverged and ends"""


def path(
    gradient: Callable[[Floats], Floats],
    start: Floats,
    method: str,
    lr: float,
    beta: float,
    steps: int,
    beta2: float = 0.999,
) -> Floats:
    """(steps + 1, d), the start first; shorter where it diverges."""
    p = np.asarray(start, dtype=float)
    found, v, square = [p], np.zeros_like(p), np.zeros_like(p)
    for step in range(1, steps + 1):
        g = gradient(p)
        if method == "adam":
            v, square = beta * v + (1 - beta) * g, beta2 * square + (1 - beta2) * g * g
            p = p - lr * (v / (1 - beta**step)) / (np.sqrt(square / (1 - beta2**step)) + 1e-8)
        elif method == "plain":
            p = p - lr * g
        else:
            v = beta * v + g
            p = p - lr * (g + beta * v if method == "nesterov" else v)
        found.append(p)
        if not np.isfinite(p).all() or np.abs(p).max() > FARTHEST:
            break
    return np.array(found)
