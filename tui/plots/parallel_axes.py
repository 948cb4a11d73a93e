"""Parallel coordinates: a vertical axis for each parameter and the metric, a line for each trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.chart.plot_area import Canvas, DotPen, dot_pen
from tui.data.value_text import plural, short_value
from tui.plots.brush import BrushScale, holds, is_wide, scales_of
from tui.plots.plot_state import BUCKETS, PlotState, merits, selected
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, clipped, fitted, row_text

DRAWN = 800
"""most lines drawn; of more trials, evenly spaced ones"""
MARGIN = 5
LONGEST_TICK = 24
"""cells of a tick at most, where the next axis is not nearer"""
FEW = 8
"""most values of a parameter that all have a tick"""


def rows(answer: Mapping[str, Any], view: PlotState, width: int, height: int) -> Sequence[Row]:
    lines = answer["rows"]
    if not lines:
        return [view.nothing]
    scales = scales_of(answer, view.subject.metric)
    scales[-1] = _metric_scale(scales[-1], view)
    shown = _thinned(lines, selected(answer, view.trial))
    canvas = _canvas(scales, shown, view, width, max(3, height - 2))
    return [_titles(scales, view, width), *canvas.lines(), _foot(len(shown), lines, scales, view, width)]


def _metric_scale(scale: BrushScale, view: PlotState) -> BrushScale:
    log = is_wide(scale.low, scale.high) if view.log is None else view.log and scale.low > 0
    return BrushScale(scale.name, scale.title, scale.low, scale.high, log)


def _thinned(lines: Sequence[Any], kept: int | None) -> list[Any]:
    step = max(1, -(-len(lines) // DRAWN))
    found = [line for place, line in enumerate(lines) if place % step == 0 or place == len(lines) - 1]
    if kept is not None and lines[kept] not in found:
        found.append(lines[kept])
    return found


def places(count: int, width: int) -> list[int]:
    """The column of each axis."""
    room = width - 2 * MARGIN - 1
    return [MARGIN + round(room * place / max(1, count - 1)) for place in range(count)]


def _between(columns: Sequence[int], width: int) -> int:
    """Columns from an axis to the next."""
    return columns[1] - columns[0] if len(columns) > 1 else width


def _canvas(
    scales: Sequence[BrushScale], lines: Sequence[Any], view: PlotState, width: int, height: int
) -> Canvas:
    canvas = Canvas(width, height)
    shares = np.array(
        [
            [scale.share(cell) for scale, cell in zip(scales, (*line["cells"], line["value"]), strict=True)]
            for line in lines
        ]
    )
    inside = _inside(scales, shares, view)
    merit = np.array(merits([line["value"] for line in lines], view.largest))
    columns = places(len(scales), width)
    room = min(LONGEST_TICK, max(2, _between(columns, width) - 1))
    for style_name, letter, chosen in _layers(lines, view, inside, merit):
        pen = dot_pen(view.symbols, letter)
        canvas.paint_dots(_dots(shares[chosen], columns, canvas, pen), pen, style_name)
    for place, (scale, column) in enumerate(zip(scales, columns, strict=True)):
        used = [line["cells"][place] for line in lines] if place < len(scales) - 1 else []
        _draw_axis(canvas, scale, column, view, place == view.axis, used, room)
    return canvas


def _layers(
    lines: Sequence[Any], view: PlotState, inside: NDArray[np.bool_], merit: NDArray[np.int64]
) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Style name, letter for terminals without dots, and mask of the lines; the most important last."""
    layers = [("line", ".", ~inside)]
    layers += [(view.style_name(bucket), "o", inside & (merit == bucket)) for bucket in range(BUCKETS)]
    chosen = np.array([line["trial"] == view.trial for line in lines])
    return [
        (style_name, letter, which)
        for style_name, letter, which in [*layers, ("strong", "#", chosen)]
        if which.any()
    ]


def _inside(scales: Sequence[BrushScale], shares: NDArray[np.float64], view: PlotState) -> NDArray[np.bool_]:
    found = np.ones(len(shares), bool)
    for place, scale in enumerate(scales):
        brush = view.brushes.get(scale.name)
        if brush is not None:
            found &= np.array([holds(brush, share) for share in shares[:, place]])
    return found


def _dots(
    shares: NDArray[np.float64], columns: Sequence[int], canvas: Canvas, pen: DotPen
) -> NDArray[np.bool_]:
    """Straight lines between adjacent axes; a trial without a value on an axis has a gap there."""
    high, wide = canvas.rows * pen.down, canvas.columns * pen.across
    dots = np.zeros((high, wide), bool)
    for left in range(len(columns) - 1):
        ends = shares[:, left : left + 2]
        ends = ends[~np.isnan(ends).any(axis=1)]
        start, stop = (columns[at] * pen.across + pen.across // 2 for at in (left, left + 1))
        t = np.linspace(0, 1, max(stop - start + 1, high))
        y = ends[:, :1] * (1 - t) + ends[:, 1:] * t
        x = np.broadcast_to(np.rint(start + t * (stop - start)).astype(int), y.shape)
        dots[np.rint((1 - y) * (high - 1)).astype(int).clip(0, high - 1), x.clip(0, wide - 1)] = True
    return dots


def _draw_axis(
    canvas: Canvas,
    scale: BrushScale,
    column: int,
    view: PlotState,
    here: bool,
    used: Sequence[Any],
    room: int,
) -> None:
    """`room`: cells of a tick at most."""
    brush = view.brushes.get(scale.name)
    focused = here and view.focused
    for row in range(canvas.rows):
        share = 1 - row / max(1, canvas.rows - 1)
        if brush is not None and brush[0] - 0.5 / canvas.rows <= share <= brush[1] + 0.5 / canvas.rows:
            canvas.put(row, column, "#" if glyphs().ascii_only else "┃", "accent")
        else:
            canvas.put(row, column, glyphs().upright, "accent" if focused else "muted")
    for share, text in _labels(scale, canvas.rows, used):
        row = round((1 - share) * (canvas.rows - 1))
        text = row_text(clipped((Span(text, ""),), room))
        at = column + 1 if column + 1 + len(text) < canvas.columns else column - len(text)
        canvas.write(row, at, text, "key" if focused else "text")


def _labels(scale: BrushScale, rows: int, used: Sequence[Any] = ()) -> list[tuple[float, str]]:
    """Share and text of the ticks: the values used where they are few, else evenly spaced ones."""
    if scale.choices:
        fits = max(1, -(-len(scale.choices) // rows))
        return [
            (scale.share_of_choice(place), short_value(choice))
            for place, choice in enumerate(scale.choices)
            if place % fits == 0
        ]
    if scale.low == scale.high:
        return [(0.5, short_value(scale.low))]
    values = sorted({value for value in used if isinstance(value, int | float)})
    if 1 < len(values) <= min(FEW, rows // 2):
        return [(scale.share(value), short_value(value)) for value in values]
    shares = (0.0, 0.25, 0.5, 0.75, 1.0) if rows >= 16 else (0.0, 0.5, 1.0)
    return [(share, short_value(float(f"{scale.value_at(share):.3g}"))) for share in shares]


def _titles(scales: Sequence[BrushScale], view: PlotState, width: int) -> Row:
    columns = places(len(scales), width)
    room = max(4, _between(columns, width) - 1)
    spans: list[Span] = []
    at = 0
    for place, (scale, column) in enumerate(zip(scales, columns, strict=True)):
        brushed = scale.name in view.brushes
        text = f"{glyphs().mark if brushed else ''}{scale.title}"[:room]
        start = min(max(at, column - len(text) // 2), max(at, width - len(text)))
        style_name = "picked" if place == view.axis and view.focused else "accent" if brushed else "strong"
        spans += [Span(" " * (start - at)), Span(text, style_name)]
        at = start + len(text)
    return fitted(tuple(spans), width)


def _foot(shown: int, lines: Sequence[Any], scales: Sequence[BrushScale], view: PlotState, width: int) -> Row:
    """The legend of the colours, and the number of lines."""
    some = f"{shown:,} of {plural(len(lines), 'line')}" if shown < len(lines) else plural(shown, "line")
    word = "+ -" if view.brushes else "space"
    tip = "widens the brush" if view.brushes else "brushes the axis"
    tail = (Span(f"   {some}   ", "muted"), Span(word, "key"), Span(f" {tip}", "muted"))
    return fitted((*view.colour_legend, *tail), width)
