"""An image, a text and a histogram, for writers with the interface of tensorboardX."""

from __future__ import annotations

from typing import Any


def add_media(writer: Any) -> None:
    import numpy as np

    image = np.linspace(0, 255, 8 * 6 * 3).reshape(3, 8, 6).astype(np.uint8)
    writer.add_image("digits", image, 4)
    writer.add_text("words", "two dogs *play*", 5)
    writer.add_histogram("weights", np.arange(100.0), 6)
