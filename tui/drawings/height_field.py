"""Heights over a plane as shades, with paths that walk over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tui.drawings.aid_drawing import finite
from tui.drawings.dotted_lines import DotArea
from tui.drawings.half_block_canvas import ImageCanvas

LEVELS_OF_HEIGHT = 10


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    xs, ys = [float(x) for x in data.get("x", ())], [float(y) for y in data.get("y", ())]
    heights = np.asarray(data.get("heights", ()), dtype=np.float64)
    if heights.ndim != 2 or len(xs) < 2 or len(ys) < 2:
        return
    legend, rows = 1, canvas.height - 2
    columns = min(canvas.width, 4 * rows)
    shown = np.nan_to_num(heights, posinf=float(np.nanmax(heights[np.isfinite(heights)], initial=1.0)))
    lifted = np.log1p(shown - shown.min())
    share = lifted / (lifted.max() or 1.0)
    steps = np.floor(share * LEVELS_OF_HEIGHT) / LEVELS_OF_HEIGHT
    up = steps if ys[0] > ys[-1] else steps[::-1]
    canvas.picture(0, legend, columns, rows, up * 0.9 - 0.45 if canvas.mode == "colour" else up * 0.6, "heat"
                   if canvas.mode == "colour" else "grey")  # fmt: skip
    area = DotArea(canvas, 0, legend, columns, rows)
    across, down = 2 * columns / (xs[-1] - xs[0]), 4 * rows / (max(ys) - min(ys))
    x = 0
    for number, path in enumerate(data.get("paths", ())):
        pairs = [(finite(a), finite(b)) for a, b in zip(path["x"], path["y"], strict=False)]
        dots = [
            ((a - xs[0]) * across, (max(ys) - b) * down) for a, b in pairs if a is not None and b is not None
        ]
        area.line(dots, number, "strong" if number == 0 else f"hue-{number}")
        area.draw()
        for (at_x, at_y), sign in ((dots[0], "o"), (dots[-1], "x")) if dots else ():
            canvas.write(int(at_x) // 2, legend + int(at_y) // 4, sign, "key") if _inside(
                area, at_x, at_y
            ) else None
        x = canvas.write(x, 0, f"{path['name']} ", "strong" if number == 0 else f"hue-{number}") + 1
    canvas.write(x, 0, "o start, x end", "muted")
    text = f"{xs[0]:g} to {xs[-1]:g} across, {min(ys):g} to {max(ys):g} up; brighter is higher"
    canvas.write(0, canvas.height - 1, text[: canvas.width], "muted")


def _inside(area: DotArea, x: float, y: float) -> bool:
    return 0 <= x < 2 * area.width and 0 <= y < 4 * area.height
