"""Points of two classes in a plane, lines a x + b y + c = 0 and arrows from the origin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui.drawings.dotted_lines import DotArea
from tui.drawings.half_block_canvas import ImageCanvas

UNIT_SQUARE = (-0.5, 1.5)
"""where the outputs of a network of two inputs are shaded"""


@dataclass(frozen=True, slots=True)
class PlaneRange:
    low: float
    high: float
    columns: int
    rows: int

    def dot(self, x: float, y: float) -> tuple[float, float]:
        span = self.high - self.low
        across = (x - self.low) / span * (2 * self.columns)
        return across, (self.high - y) / span * (4 * self.rows)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        across, down = self.dot(x, y)
        return max(0, min(int(across // 2), self.columns - 1)), max(0, min(int(down // 4), self.rows - 1))


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    points = [(float(x), float(y), int(kind)) for x, y, kind in data.get("points", ())]
    shade = data.get("shade") or ()
    low, high = UNIT_SQUARE if shade else _extent(points, data.get("arrows", ()))
    rows = min(canvas.height - 1, max(4, canvas.width // 2))
    columns = min(canvas.width, 2 * rows)
    frame = PlaneRange(low, high, columns, rows)
    if shade:
        canvas.picture(0, 0, columns, rows, 2 * np.asarray(shade, dtype=np.float64) - 1, "heat")
    area = DotArea(canvas, 0, 0, columns, rows)
    lines = [line for line in data.get("lines", ()) if line[1] or line[2]]
    for number, (_, a, b, c) in enumerate(lines):
        ends = line_ends(a, b, c, low, high)
        is_newest = number == len(lines) - 1
        if ends:
            style_name = "strong" if is_newest else f"hue-{number if shade else 6}"
            dash = 0 if is_newest or shade else 4
            area.line([frame.dot(*end) for end in ends], number, style_name, dash=dash)
    for name, x, y in data.get("arrows", ()):
        area.line([frame.dot(0, 0), frame.dot(x, y)], 7, "good")
        column, row = frame.cell(x, y)
        canvas.write(min(column + 1, columns - len(name)), row, name, "good")
    area.draw()
    _name_lines(canvas, frame, lines, low, high)
    wrong = _wrong_points(data)
    for x, y, kind in points:
        column, row = frame.cell(x, y)
        is_wrong = (x, y) in wrong
        text = f" {kind}{'!' if is_wrong else ' '}" if shade else str(kind)
        style_name = "bad" if is_wrong else "strong" if shade else ("key" if kind else "done")
        canvas.write(max(0, column - (1 if shade else 0)), row, text, style_name, "plate" if shade else "")
    names = ("x1", "x2") if shade else ("x", "y")
    text = f"{low:.3g} to {high:.3g} both ways, {names[0]} to the right, {names[1]} up"
    canvas.write(0, rows, text if len(text) <= canvas.width else f"{low:.3g} to {high:.3g}", "muted")


def _extent(points: Sequence[tuple[float, float, int]], arrows: Sequence[Any]) -> tuple[float, float]:
    """The same range both ways that holds everything."""
    values = [abs(value) for x, y, _ in points for value in (x, y)]
    values += [
        abs(value) for _, x, y in arrows for value in (x, y) if abs(value) < 3 * max(values, default=1.0)
    ]
    most = max(values, default=1.0) * 1.08 or 1.0
    return -most, most


def line_ends(a: float, b: float, c: float, low: float, high: float) -> list[tuple[float, float]]:
    """Where the line a x + b y + c = 0 enters and leaves the square from `low` to `high`; empty outside."""
    found = []
    for edge in (low, high):
        if b and low <= (y := -(a * edge + c) / b) <= high:
            found.append((edge, y))
        if a and low <= (x := -(b * edge + c) / a) <= high:
            found.append((x, edge))
    if len(found) < 2:
        return []
    first = found[0]
    return [first, max(found[1:], key=lambda end: math.dist(first, end))]


def _name_lines(
    canvas: ImageCanvas, frame: PlaneRange, lines: Sequence[Any], low: float, high: float
) -> None:
    if len(lines) > 4:
        return
    for number, (name, a, b, c) in enumerate(lines):
        ends = line_ends(a, b, c, low, high)
        if ends and name != "output":
            (x0, y0), (x1, y1) = ends if number % 2 == 0 else ends[::-1]
            column, row = frame.cell(x0 + 0.12 * (x1 - x0), y0 + 0.12 * (y1 - y0))
            style_name = "strong" if number == len(lines) - 1 else f"hue-{number}"
            canvas.write(min(column + 1, frame.columns - len(name)), row, name, style_name)


def _wrong_points(data: Mapping[str, Any]) -> set[tuple[float, float]]:
    """Those of whose row, x, y, target, output, the output is on the other side of one half."""
    return {(float(x), float(y)) for x, y, want, out in data.get("rows", ()) if (out > 0.5) != bool(want)}
