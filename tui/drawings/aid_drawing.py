"""The drawing of an aid: its data, as the engine sends them, on a canvas of any size."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from tui.drawings.half_block_canvas import ImageCanvas

MODULES = {
    "net": "layered_net",
    "plane": "points_and_lines",
    "curves": "xy_curves",
    "field": "height_field",
    "heat": "number_grid",
    "bars": "named_bars",
    "pictures": "picture_row",
    "tree": "node_tree",
    "table": "plain_table",
    "steps": "step_list",
}
"""the file in this folder that paints each drawing: `paint(canvas, data)`"""


def drawn(data: Mapping[str, Any], width: int, height: int, canvas: ImageCanvas) -> ImageCanvas:
    """The drawing in the colours of `canvas`; empty where the data are of no known drawing."""
    made = ImageCanvas(max(1, width), max(1, height), canvas.mode)
    name = MODULES.get(str(data.get("drawing", "")))
    if name is not None and width > 4 and height > 1:
        importlib.import_module(f"tui.drawings.{name}").paint(made, data)
    return made


class LastDrawing:
    """The drawing made last: controls change far more often than what is drawn."""

    def __init__(self) -> None:
        self._of: tuple[Any, ...] = ()
        self._made: ImageCanvas | None = None

    def drawn(self, data: Mapping[str, Any], width: int, height: int, canvas: ImageCanvas) -> ImageCanvas:
        """As `drawn`; the same canvas for the same data object, size and colours."""
        now = (data, width, height, canvas.mode)
        if self._made is None or self._of[0] is not data or self._of[1:] != now[1:]:
            self._of, self._made = now, drawn(data, width, height, canvas)
        return self._made


def finite(value: Any) -> float | None:
    """A number of the data; None where it has none."""
    good = isinstance(value, int | float) and value == value and abs(value) != float("inf")
    return float(value) if good else None
