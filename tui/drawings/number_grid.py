"""A grid of numbers as coloured cells, with the numbers in them where they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui.drawings.aid_drawing import finite
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import LEVELS, level_of, shade_of
from tui.ui.numbers import short

WITH_NUMBERS, WITHOUT = 7, 2
"""cells of a column"""
ALIKE = 0.05
"""share of the largest number below which differences are not stretched over all colours"""


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    grid = [[finite(cell) for cell in row] for row in data.get("cells", ())]
    if not grid or not grid[0]:
        return
    rows, columns = (
        [str(name) for name in data.get("rows", ())],
        [str(name) for name in data.get("columns", ())],
    )
    known = [cell for row in grid for cell in row if cell is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low >= 0 and (low < 0.5 * high or high - low < ALIKE * high):
        low = 0.0
    low = min(low, -high) if low < 0 else low
    high = max(high, -low) if low < 0 else high
    head = int(any(columns))
    names = max(map(len, rows), default=0)
    names = min(names, canvas.width // 3)
    left = names + 1 if names else 0
    has_numbers = left + WITH_NUMBERS * len(grid[0]) <= canvas.width and len(grid) <= canvas.height - head - 1
    named = max(map(len, columns), default=0) + 1
    wide = max(WITH_NUMBERS, named) if left + named * len(grid[0]) <= canvas.width else WITH_NUMBERS
    size = wide if has_numbers else WITHOUT if left + WITHOUT * len(grid[0]) <= canvas.width else 1
    shown = min(len(grid), canvas.height - head - 1)
    if head:
        _write_heads(canvas, columns, left, size)
    for y, cells in enumerate(grid[:shown]):
        canvas.write(0, y + head, rows[y][:names].rjust(names) if y < len(rows) else "", "muted")
        for x, cell in enumerate(cells):
            if left + x * size < canvas.width:
                _write_cell(canvas, left + x * size, y + head, cell, (low, high), size)
    _write_scale(canvas, shown + head, left, low, high)


def _write_heads(canvas: ImageCanvas, columns: Sequence[str], left: int, size: int) -> None:
    last = -1
    for place, name in enumerate(columns):
        at = left + place * size
        if at > last and at + min(len(name), size - 1 if size > 2 else len(name)) <= canvas.width:
            text = name[: size - 1] if size > 2 else name
            if size > 2 or place % 4 == 0:
                canvas.write(at, 0, text, "muted")
                last = at + len(text)


def _write_cell(
    canvas: ImageCanvas, x: int, y: int, cell: float | None, ends: tuple[float, float], size: int
) -> None:
    if cell is None:
        canvas.write(x, y, "·".center(size) if canvas.mode != "ascii" else ".".center(size), "muted")
        return
    low, high = ends
    share = (cell - low) / (high - low) if high > low else 0.5
    text = short(cell) if size >= WITH_NUMBERS else ""
    if canvas.mode == "colour":
        middle = 0.5 + share / 2 if low >= 0 else share
        canvas.write(x, y, text[: size - 1].rjust(size - 1).ljust(size), "strong", f"heat-{level_of(middle)}")
    elif size >= WITH_NUMBERS:
        canvas.write(x, y, text[: size - 1].rjust(size - 1), "text")
    else:
        canvas.write(x, y, shade_of(share, canvas.mode) * size, "strong")


def _write_scale(canvas: ImageCanvas, y: int, left: int, low: float, high: float) -> None:
    """What the ends of the colours are."""
    x = canvas.write(left, y, f"{short(low)} ", "muted")
    if canvas.mode == "colour":
        for level in range(0 if low < 0 else LEVELS // 2, LEVELS, 2):
            x = canvas.write(x, y, " ", "", f"heat-{level}")
    else:
        x = canvas.write(x, y, "".join(shade_of(at / 4.01, canvas.mode) for at in range(5)), "strong")
    canvas.write(x, y, f" {short(high)}", "muted")
