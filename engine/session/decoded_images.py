"""Decodes image files with Pillow: bounded in pixels, small where they are shown small."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

PIXELS_LIMIT = 80_000_000
"""of a file that is decoded"""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
Pixels = NDArray[np.uint8]
"""(rows, columns, 3)"""


def decoded(data: bytes, width: int = 0, height: int = 0) -> tuple[Pixels, tuple[int, int]]:
    """RGB pixels and the size (width, height) in the file. Raises DataError.

    With `width` and `height` made smaller to fit into them, each new pixel the mean of those it covers.
    Transparent pixels are black.
    """
    import PIL.Image  # with images alone

    try:
        image: Any = PIL.Image.open(io.BytesIO(data), formats=FORMATS)
        size = (int(image.width), int(image.height))
        if size[0] * size[1] > PIXELS_LIMIT:
            came = f"{size[0]:,} x {size[1]:,} pixels, expected {PIXELS_LIMIT:,} in all at most"
            raise DataError(f"The image has {came}: it is not decoded.")
        share = min(1.0, width / size[0], height / size[1]) if width and height else 1.0
        target = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
        if share < 1.0:
            image.draft("RGB", target)  # a JPEG is decoded small at once
        image = _as_rgb(image)
        if image.size != target:
            image = image.resize(target, PIL.Image.Resampling.BOX, reducing_gap=2.0)
        return np.asarray(image, np.uint8), size
    except DataError:
        raise
    except Exception as error:  # decoders raise what they like for damaged files
        why = str(error).partition("<_io")[0].strip() or type(error).__name__
        raise DataError(f"The image cannot be decoded: {why[:160]} ({len(data):,} bytes).") from error


def _as_rgb(image: Any) -> Any:
    import PIL.Image

    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more: a conversion would clip
        values = np.asarray(image, np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0.0)))
        return PIL.Image.fromarray((np.clip(values / top, 0, 1) * 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = PIL.Image.new("RGBA", layered.size, (0, 0, 0, 255))
        return PIL.Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


@dataclass(frozen=True, slots=True)
class Difference:
    """The second image minus the first, of each pixel in the colour where they differ most."""

    shown: NDArray[np.float64]
    """(rows, columns) that fit: of each the largest difference in what it covers, with its sign"""
    most: int
    """the largest of all, of 255"""
    mean: float
    """of the absolute differences of all colours"""
    changed: float
    """share of the pixels that differ at all"""


def difference(before: bytes, after: bytes, width: int, height: int) -> Difference:
    """Raises DataError where the sizes of the images differ."""
    (first, size), (second, other) = decoded(before), decoded(after)
    if size != other:
        raise DataError(
            f"Images of {size[0]:,} x {size[1]:,} and {other[0]:,} x {other[1]:,} pixels have no difference."
        )
    columns, rows = size
    share = min(1.0, width / columns, height / rows)
    wide, high = max(1, round(columns * share)), max(1, round(rows * share))
    tops, lefts = (np.arange(high + 1) * rows) // high, (np.arange(wide) * columns) // wide
    shown = np.zeros((high, wide))
    most = total = changed = 0
    for place, (top, end) in enumerate(pairwise(tops.tolist())):  # by rows: arrays of all would be large
        found = second[top:end].astype(np.int16) - first[top:end]
        amounts = np.abs(found)
        most, total = max(most, int(amounts.max())), total + int(amounts.sum(dtype=np.int64))
        changed += int(amounts.any(axis=2).sum())
        strongest = np.take_along_axis(found, amounts.argmax(axis=2)[..., None], axis=2)[..., 0]
        largest = np.maximum.reduceat(strongest.max(axis=0), lefts)
        least = np.minimum.reduceat(strongest.min(axis=0), lefts)
        shown[place] = np.where(largest >= -least, largest, least)
    pixels = rows * columns
    return Difference(shown, most, total / (3 * pixels), changed / pixels)
