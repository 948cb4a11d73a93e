"""Filters and maps as one RGB picture, for terminals with an image protocol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tui.drawings.image_arrays import Values
from tui.mnist.layer_snapshot import Snapshot

Image = NDArray[np.uint8]
GROUND, COLD, WARM = (16, 20, 27), (122, 162, 247), (242, 179, 107)
GAP, TILE = 6, 112
"""pixels"""


def grey(values: Values) -> Image:
    """RGB of values from 0 to 1."""
    share = np.clip(np.nan_to_num(values), 0, 1)[..., None]
    return (np.array(GROUND) + share * (np.array((225, 230, 240)) - GROUND)).astype(np.uint8)


def heat(values: Values) -> Image:
    """RGB of values from -1 (COLD) over 0 (GROUND) to 1 (WARM)."""
    amount = np.clip(np.nan_to_num(values), -1, 1)[..., None]
    colour = np.where(amount > 0, np.array(WARM), np.array(COLD))
    return (np.array(GROUND) + np.abs(amount) * (colour - GROUND)).astype(np.uint8)


def mosaic(snapshot: Snapshot) -> Image | None:
    """A line of filters for each channel, then for each picture its maps before the ReLU and after it."""
    lines: list[list[Image]] = []
    if snapshot.kernels is not None:
        lines += [
            [heat(snapshot.shares(kernel)) for kernel in channel]
            for channel in snapshot.kernels.swapaxes(0, 1)
        ]
    for picture in snapshot.pictures:
        first = [] if picture.original is None else [grey(picture.original)]
        if picture.before is not None:
            lines.append([*first, *map(heat, picture.before)])
        if picture.after is not None:
            lines.append([*first, *map(grey, picture.after)])
    return joined(lines) if lines else None


def joined(lines: Sequence[Sequence[Image]]) -> Image:
    """Lines of tiles of TILE pixels; the pixels of an image are repeated by a whole factor."""
    across, each = max(map(len, lines)), TILE + GAP
    sheet = np.full((len(lines) * each + GAP, across * each + GAP, 3), GROUND, np.uint8)
    for y, line in enumerate(lines):
        for x, tile in enumerate(line):
            factor = max(1, TILE // max(tile.shape[:2]))
            large = tile.repeat(factor, axis=0).repeat(factor, axis=1)[:TILE, :TILE]
            top, left = GAP + y * each, GAP + x * each
            sheet[top : top + large.shape[0], left : left + large.shape[1]] = large
    return sheet
