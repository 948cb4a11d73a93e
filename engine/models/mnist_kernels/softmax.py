"""Cross-entropy of one image, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.mnist_kernels.vector import inner


@inner
def cross_entropy(logits: Any, delta: Any, image: int, classes: int, label: int, images: int) -> Any:
    """The loss; its gradient is that of a mean over `images`."""
    share = np.float32(1.0 / images)
    top = logits[image, 0]
    for c in range(1, classes):
        top = max(top, logits[image, c])
    total = np.float32(0)
    for c in range(classes):
        delta[image, c] = np.exp(logits[image, c] - top)
        total += delta[image, c]
    for c in range(classes):
        delta[image, c] *= share / total
    delta[image, label] -= share
    return np.log(total) - (logits[image, label] - top)
