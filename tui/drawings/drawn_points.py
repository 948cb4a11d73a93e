"""Curves of a few points each, every point with the sign of its curve: drawn by keys, and seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.drawings.dotted_lines import DotArea
from tui.drawings.half_block_canvas import ImageCanvas
from tui.ui.numbers import short

WIDEST = 84
"""cells, so that neighbouring points stay near to each other"""


@dataclass(frozen=True, slots=True)
class PointCurve:
    """`sign` marks its points; `name` is said of it above the drawing."""

    name: str
    sign: str
    style_name: str
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class PointChart:
    """`x` are the places of all points; they stand at equal distances, whatever they are."""

    x: Sequence[float]
    x_name: str
    low: float
    high: float
    curves: Sequence[PointCurve]
    cursor: int = -1
    """place of the point that keys move, of the last curve"""

    @property
    def ends(self) -> tuple[float, float]:
        """Of the axis: a point beyond it makes it longer."""
        values = [value for curve in self.curves for value in curve.y]
        return min([self.low, *values]), max([self.high, *values])


def paint(canvas: ImageCanvas, chart: PointChart) -> None:
    """Legend, axis and points, ◈ where two curves meet; nothing on less than 5 rows."""
    if canvas.height < 5 or canvas.width < 24 or not chart.x:
        return
    low, high = chart.ends
    labels = [short(low + share * (high - low)) for share in (0.0, 0.5, 1.0)]
    left = max(map(len, labels)) + 2
    width, height = min(canvas.width, WIDEST) - left - 2, canvas.height - 3
    _write_legend(canvas, chart)
    for share, label in zip((0.0, 0.5, 1.0), labels, strict=True):
        canvas.write(0, 1 + round((1 - share) * (height - 1)), label.rjust(left - 2), "muted")
    columns = [left + round(place * (width - 1) / max(1, len(chart.x) - 1)) for place in range(len(chart.x))]
    if 0 <= chart.cursor < len(columns):
        for y in range(1, height + 1):
            canvas.write(columns[chart.cursor], y, ":" if canvas.mode == "ascii" else "┊", "line")
    for curve in chart.curves if canvas.mode != "ascii" else ():
        rows = [round((high - value) / (high - low) * (height - 1)) for value in curve.y]
        _draw_lines(canvas, left, width, height, columns, rows, curve)
    taken: set[tuple[int, int]] = set()
    for curve in chart.curves:
        for place, value in enumerate(curve.y):
            at = place, 1 + round((high - value) / (high - low) * (height - 1))
            is_here = place == chart.cursor and curve is chart.curves[-1]
            sign = curve.sign if at not in taken else "@" if canvas.mode == "ascii" else "◈"
            canvas.overlay(columns[place], at[1], sign, "picked" if is_here else curve.style_name)
            taken.add(at)
    _write_places(canvas, chart, columns, height + 1)


def _draw_lines(
    canvas: ImageCanvas,
    left: int,
    width: int,
    height: int,
    columns: Sequence[int],
    rows: Sequence[int],
    curve: PointCurve,
) -> None:
    """Dotted from each point to the next one."""
    area = DotArea(canvas, left, 1, width, height)
    area.line(
        [(2.0 * (x - left), 4.0 * y + 2) for x, y in zip(columns, rows, strict=True)],
        0,
        curve.style_name,
        dash=2,
    )
    area.draw()


def _write_legend(canvas: ImageCanvas, chart: PointChart) -> None:
    x = 0
    for curve in chart.curves:
        x = canvas.write(x, 0, f"{curve.sign} {curve.name}", curve.style_name) + 3
    if 0 <= chart.cursor < len(chart.x):
        value = chart.curves[-1].y[chart.cursor]
        canvas.write(x, 0, f"{chart.x_name} {short(chart.x[chart.cursor])}: {short(value)}", "strong")


def _write_places(canvas: ImageCanvas, chart: PointChart, columns: Sequence[int], y: int) -> None:
    """The places below the points, as many as there is room for, and what they are of."""
    behind = 0
    for place, (x, value) in enumerate(zip(columns, chart.x, strict=True)):
        text = short(value)
        begin = max(0, x - len(text) // 2)
        if begin >= behind:
            style_name = "strong" if place == chart.cursor else "muted"
            behind = canvas.write(begin, y, text, style_name) + 1
    canvas.write(columns[0], y + 1, chart.x_name, "muted")
