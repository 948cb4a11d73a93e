"""A small table of texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.drawings.half_block_canvas import ImageCanvas
from tui.ui.numbers import short, whole

GAP = 3


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    columns = [str(name) for name in data.get("columns", ())]
    rows = [[cell_text(cell) for cell in row] for row in data.get("rows", ())]
    if not columns:
        return
    widths = [
        max(len(name), *(len(row[at]) for row in rows if at < len(row)), 0) for at, name in enumerate(columns)
    ]
    numeric = [
        bool(rows) and all(isinstance(row[at], int | float) for row in data["rows"] if at < len(row))
        for at in range(len(columns))
    ]
    gap = GAP if sum(widths) + GAP * len(widths) <= canvas.width else 1
    for y, row in enumerate([columns, *rows][: canvas.height]):
        x = 0
        for at, text in enumerate(row[: len(widths)]):
            filled = text.rjust(widths[at]) if numeric[at] else text.ljust(widths[at])
            canvas.write(x, y, filled, "muted" if y == 0 else "text")
            x += widths[at] + gap
    if len(rows) + 1 > canvas.height > 1:
        canvas.write(
            0, canvas.height - 1, f"and {len(rows) - canvas.height + 2} more".ljust(canvas.width), "muted"
        )


def cell_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return whole(cell)
    return short(cell) if isinstance(cell, float) else "none" if cell is None else str(cell)
