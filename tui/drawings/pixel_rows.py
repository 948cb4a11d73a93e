"""Pixels in colour as rows of spans: a cell holds two, one above the other; shades without colours."""

from __future__ import annotations

import base64
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui.drawings.heat import ColourMode, shade_of
from tui.ui.span import Row, Span
from tui.ui.styles import PIXELS

Pixels = NDArray[np.uint8]
"""(rows, columns, 3)"""
Colour = tuple[int, int, int]
ENLARGED = 1.3
"""factor from which on a small image is made larger; from 2 on factors are whole: pixels stay square"""
DIM = 0.12
"""difference below which nothing is drawn without colours"""
LARGE = 6_000
"""pixels of an image whose colours are coarser"""
NOTHING = -1
"""the colour of the lower half of a cell below the last row of pixels"""
_GREY = np.array([0.299, 0.587, 0.114])


def decoded(coded: str, rows: int, columns: int) -> Pixels:
    """RGB pixels of base64; black ones where there are too few bytes."""
    found = np.frombuffer(base64.b64decode(coded), np.uint8)[: rows * columns * 3]
    return np.pad(found, (0, rows * columns * 3 - len(found))).reshape(rows, columns, 3)


def amounts(coded: str, rows: int, columns: int) -> NDArray[np.float64]:
    """From -1 to 1, of bytes in base64 in which 128 is 0."""
    found = np.frombuffer(base64.b64decode(coded), np.uint8)[: rows * columns]
    levels = np.pad(found, (0, rows * columns - len(found)), constant_values=128).reshape(rows, columns)
    return (levels.astype(np.float64) - 128) / 127


def enlarged(values: NDArray, columns: int, rows: int) -> NDArray:  # type: ignore[type-arg]
    """Repeated to fill `columns` x `rows` pixels as far as it goes; never smaller."""
    high, wide = values.shape[:2]
    factor = min(columns / wide, rows / high)
    if factor < ENLARGED:
        return values
    factor = factor if factor < 2 else int(factor)
    across = (np.arange(int(wide * factor)) / factor).astype(int)
    down = (np.arange(int(high * factor)) / factor).astype(int)
    found: NDArray = values[down][:, across]  # type: ignore[type-arg]
    return found


def picture_rows(pixels: Pixels, columns: int, rows: int, mode: ColourMode, most: int = 0) -> list[Row]:
    """An image within `columns` x `rows` cells; `most` is as in `half_blocks`."""
    pixels = enlarged(pixels, columns, 2 * rows)[: 2 * rows, :columns]
    if mode == "colour":
        return half_blocks(pixels, most)
    grey = (pixels @ _GREY) / 255
    return [
        (Span("".join(shade_of(share, mode) for share in row), "text"),) for row in _pairs(grey).mean(axis=1)
    ]


def half_blocks(pixels: Pixels, most: int = 0) -> list[Row]:
    """Colours of 5 bits, of large images of 4: neighbours are alike then, and few bytes are sent.

    An image that takes more than `most` spans (0: any number) gets wider pixels, the means of those beside
    each other.
    """
    upper, lower, changes = _halves(pixels)
    count = int(changes.sum()) + len(upper)
    if most and count > most:
        upper, lower, changes = _halves(_wider(pixels, -(-count // most)))
    return [_runs(*cells) for cells in zip(upper, lower, changes, strict=True)]


def _halves(pixels: Pixels) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """The colours of both halves of each cell, and where the next cell in its row has others."""
    is_large = pixels.shape[0] * pixels.shape[1] > LARGE
    coarse = (pixels & 0xF0) | (pixels >> 4) if is_large else (pixels & 0xF8) | (pixels >> 5)
    codes = coarse.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    if len(codes) % 2:
        codes = np.concatenate([codes, np.full((1, codes.shape[1]), NOTHING)])
    upper, lower = codes[0::2], codes[1::2]
    return upper, lower, (np.diff(upper, axis=1) != 0) | (np.diff(lower, axis=1) != 0)


def _wider(pixels: Pixels, factor: int) -> Pixels:
    """Each `factor` pixels beside each other have their mean."""
    starts = np.arange(0, pixels.shape[1], factor)
    counts = np.diff(np.append(starts, pixels.shape[1]))
    means = np.add.reduceat(pixels.astype(np.int64), starts, axis=1) // counts[:, None]
    return np.repeat(means.astype(np.uint8), counts, axis=1)


def _runs(above: NDArray[np.int64], below: NDArray[np.int64], changes: NDArray[np.bool_]) -> Row:
    """Cells of the same two colours in one span each."""
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    lengths = np.diff(np.append(starts, len(above))).tolist()
    colours = zip(above[starts].tolist(), below[starts].tolist(), strict=True)
    return tuple(_span(*pair, length) for pair, length in zip(colours, lengths, strict=True))


@lru_cache(maxsize=16_384)
def _span(above: int, below: int, count: int) -> Span:
    if below == NOTHING:
        return Span("▀" * count, f"{PIXELS}{above:06x}-")
    if above == below:
        return Span(" " * count, f"{PIXELS}-{below:06x}")
    return Span("▀" * count, f"{PIXELS}{above:06x}-{below:06x}")


def _pairs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(cells down, 2, columns): a last row without another below it stands for both."""
    if len(values) % 2:
        values = np.concatenate([values, values[-1:]])
    return values.reshape(-1, 2, values.shape[1])


def amount_rows(
    values: NDArray[np.float64],
    columns: int,
    rows: int,
    mode: ColourMode,
    colours: tuple[Colour, Colour, Colour],
    most: int = 0,
) -> list[Row]:
    """Values from -1 to 1 within `columns` x `rows` cells; `colours` are those of -1, 0 and 1.

    `most` is as in `half_blocks`.
    """
    values = enlarged(values, columns, 2 * rows)[: 2 * rows, :columns]
    if mode == "colour":
        low, zero, high = (np.array(colour, np.float64) for colour in colours)
        share = np.abs(values)[..., None] ** 0.7  # small differences are seen too
        mixed = zero + share * (np.where(values[..., None] < 0, low, high) - zero)
        return half_blocks(np.clip(mixed, 0, 255).astype(np.uint8), most)
    pairs = _pairs(values)
    strongest = np.where(np.abs(pairs[:, 0]) >= np.abs(pairs[:, 1]), pairs[:, 0], pairs[:, 1])
    return [(Span("".join(_amount(one, mode) for one in row), "text"),) for row in strongest.tolist()]


def _amount(value: float, mode: ColourMode) -> str:
    """Denser for more; dashes below zero."""
    if value > DIM:
        return shade_of(0.25 + 0.75 * value, mode)
    return "=" if value < -0.5 else "-" if value < -DIM else " "
