"""Curves over two axes, with marks: y may be any function of x, and x may run back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.drawings.aid_drawing import finite
from tui.drawings.dotted_lines import ASCII_SIGNS, DotArea
from tui.drawings.half_block_canvas import ImageCanvas
from tui.ui.numbers import short

LETTERS = "ABCDEFGH"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AxisScale:
    low: float
    high: float
    is_log: bool

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high end."""
        if self.is_log:
            value = math.log10(value) if value > 0 else self.low
        return (value - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        at = self.low + share * (self.high - self.low)
        return float(10.0**at) if self.is_log else at


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    lines = [(str(one["name"]), _points(one)) for one in data.get("lines", ())]
    marks = [(str(name), float(x), float(y)) for name, x, y in data.get("marks", ()) if finite(y) is not None]
    all_points = [point for _, points in lines for point in points] + [(x, y) for _, x, y in marks]
    if not all_points:
        return
    x_axis = axis_scale([x for x, _ in all_points], bool(data.get("log_x")), pad=0.0)
    y_axis = axis_scale([y for _, y in all_points], bool(data.get("log_y")))
    legend = 1 if len(lines) > 1 or marks else 0
    labels = [tick(y_axis.value(share)) for share in (0.0, 0.5, 1.0)]
    left = max(map(len, labels)) + 1
    area = DotArea(canvas, left, legend, max(4, canvas.width - left), max(2, canvas.height - legend - 1))
    _write_axes(canvas, area, x_axis, labels, str(data.get("x", "")), str(data.get("y", "")))
    place = _placed(area, x_axis, y_axis)
    for number, (_, points) in enumerate(lines):
        kept = [point for point in points if not x_axis.is_log or point[0] > 0]
        area.line([place(x, y) for x, y in kept], number, f"hue-{number}", dash=0 if number < 4 else 6)
    area.draw()
    _write_letters(canvas, area, lines, place)
    for _, x, y in marks:
        across, down = place(x, y)
        sign = "@" if canvas.mode == "ascii" else "●"
        canvas.overlay(area.left + int(across) // 2, area.top + int(down) // 4, sign, "key")
    if legend:
        _write_legend(canvas, lines, marks)


def axis_scale(values: Sequence[float], is_log: bool, pad: float = 0.04) -> AxisScale:
    """From the least to the largest value, with a margin of `pad`."""
    used = [math.log10(value) for value in values if value > 0] if is_log else list(values)
    low, high = (min(used), max(used)) if used else (0.0, 1.0)
    if high - low < 1e-12:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    margin = pad * (high - low)
    return AxisScale(low - margin, high + margin, is_log and bool(used))


def _points(line: Mapping[str, Any]) -> list[Point]:
    pairs = zip(line.get("x", ()), line.get("y", ()), strict=False)
    found = [(finite(x), finite(y)) for x, y in pairs]
    return [(x, y) for x, y in found if x is not None and y is not None]


def _placed(area: DotArea, x_axis: AxisScale, y_axis: AxisScale) -> Callable[[float, float], Point]:
    columns, rows = 2 * area.width - 1, 4 * area.height - 1

    def place(x: float, y: float) -> Point:
        return x_axis.share(x) * columns, (1 - y_axis.share(y)) * rows

    return place


def _write_axes(
    canvas: ImageCanvas, area: DotArea, x_axis: AxisScale, labels: Sequence[str], x_name: str, y_name: str
) -> None:
    for share, label in zip((0.0, 0.5, 1.0), labels, strict=True):
        y = area.top + round((1 - share) * (area.height - 1))
        canvas.write(0, y, label.rjust(area.left - 1), "muted")
    below = area.top + area.height
    ends = tick(x_axis.value(0.0)), tick(x_axis.value(1.0))
    canvas.write(area.left, below, ends[0], "muted")
    canvas.write(max(area.left, canvas.width - len(ends[1])), below, ends[1], "muted")
    room = area.width - len(ends[0]) - len(ends[1]) - 4
    name = f"{x_name} across, {y_name} up" if x_name and y_name else x_name
    for text in (name, x_name):
        if 0 < len(text) <= room:
            canvas.write(area.left + (area.width - len(text)) // 2, below, text, "muted")
            break


def _write_letters(
    canvas: ImageCanvas,
    area: DotArea,
    lines: Sequence[tuple[str, Sequence[Point]]],
    place: Callable[[float, float], Point],
) -> None:
    """Without colours every curve has a letter at its end."""
    if canvas.mode == "colour" or len(lines) < 2:
        return
    for number, (_, points) in enumerate(lines):
        if points:
            x, y = place(*points[-1 - number * max(1, len(points) // 12) % len(points)])
            sign = LETTERS[number % 8] if canvas.mode != "ascii" else ASCII_SIGNS[number % 8]
            canvas.overlay(area.left + int(x) // 2, area.top + int(y) // 4, sign, "strong")


def _write_legend(
    canvas: ImageCanvas, lines: Sequence[tuple[str, Any]], marks: Sequence[tuple[str, float, float]]
) -> None:
    x = 0
    for number, (name, _) in enumerate(lines):
        signs = {"colour": "━━", "ascii": ASCII_SIGNS[number % 8]}
        x = canvas.write(x, 0, signs.get(canvas.mode, LETTERS[number % 8]), f"hue-{number}")
        x = canvas.write(x + 1, 0, name, "text") + 2
    for name, at, value in marks[:2]:
        sign = "@" if canvas.mode == "ascii" else "●"
        text = f"{sign} {name} {short(at)}: {short(value)}"
        if x + len(text) <= canvas.width:
            x = canvas.write(x, 0, text, "key") + 2


def tick(value: float) -> str:
    return short(0.0 if abs(value) < 1e-12 else value)
