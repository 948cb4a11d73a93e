"""Images as integers from 0 to 255: short messages, quick to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HIGHEST = 255


def rows(picture: NDArray[np.uint8]) -> list[Any]:
    """Nested lists of int."""
    listed: list[Any] = picture.tolist()
    return listed


def levels(values: NDArray[np.floating]) -> dict[str, Any]:
    """{low, high, levels}: a level l of 0 to 255 stands for low + (high - low) * l / 255."""
    low, high = float(values.min()), float(values.max())
    scale = HIGHEST / (high - low) if high > low else 0.0
    grey = np.rint((values - low) * scale).astype(np.uint8)
    return {"low": low, "high": high, "levels": grey.tolist()}
