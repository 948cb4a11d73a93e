"""A whole chart as rows of spans with style names: legend, plot, axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.chart.legend import header
from tui.chart.scene import Scene
from tui.chart.ticks import Tick, x_ticks
from tui.ui.span import Row, Span, fitted

if TYPE_CHECKING:
    from tui.chart.plot import Plot
    from tui.chart.scale import YScale

LEAST_WIDTH, LEAST_HEIGHT = 20, 5
DOTS_ACROSS = {"braille": 2, "block": 2, "ascii": 1}
"""columns of dots in a cell; not read from the canvas, so that a chart without points needs no NumPy"""
LINES = {"side": "│", "tick": "┤", "corner": "└", "floor": "─", "under": "┬"}
ASCII_LINES = {"side": "|", "tick": "+", "corner": "+", "floor": "-", "under": "+"}


def picture(scene: Scene, width: int, height: int) -> list[Row]:
    """`height` rows of exactly `width` cells."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _message([], f"chart: needs {LEAST_WIDTH}x{LEAST_HEIGHT}", width, height)
    scene = with_columns(scene, width)
    head = header(scene, width, _header_rows(height))
    visible = scene.visible_range()
    if visible is None:
        return _message(head, scene.empty, width, height)
    from tui.chart.plot import Plot, fit_scale

    scale = fit_scale(scene, visible, height - len(head) - 2)
    if scale is None:
        return _message(head, _nothing(scene), width, height)
    gutter = _gutter(scene, scale)
    plot = Plot(scene, visible, width - gutter - 1, scale)
    return [*head, *_body(plot, gutter), *_foot(plot, gutter, width)]


def with_columns(scene: Scene, width: int) -> Scene:
    """The scene with `columns` set from a width in cells; it decides which curves are smoothed."""
    return replace(scene, columns=width * DOTS_ACROSS[scene.symbols])


def plot_area(scene: Scene, width: int, height: int) -> tuple[int, int] | None:
    """First column and width of the plot in cells, or None where no curve is drawn."""
    visible = scene.visible_range()
    if visible is None or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return None
    from tui.chart.plot import fit_scale

    scale = fit_scale(scene, visible, height - len(header(scene, width, _header_rows(height))) - 2)
    if scale is None:
        return None
    gutter = _gutter(scene, scale)
    return gutter, width - gutter - 1


def _gutter(scene: Scene, scale: YScale) -> int:
    """Cells for the y labels and the axis line; at least `least_gutter`, so that labels rarely change it."""
    return max(scene.least_gutter, 2 + max((len(label) for _, label in scale.labels), default=0))


def _header_rows(height: int) -> int:
    return 1 if height < 9 else 2 if height < 16 else 3 if height < 28 else 4 if height < 36 else 8


def _nothing(scene: Scene) -> str:
    low, high = scene.visible_range() or (0.0, 0.0)
    if scene.view.x is not None:
        return f"nothing to show between {low:g} and {high:g}"
    from tui.chart.plot import fit_scale

    is_any_finite = fit_scale(replace(scene, view=replace(scene.view, log=False)), (low, high), 5) is not None
    return "no positive value for the log axis" if is_any_finite else "no finite value"


def _message(head: list[Row], message: str, width: int, height: int) -> list[Row]:
    rows = list(head[:height])
    while len(rows) < height:
        middle = len(rows) == (len(head) + height) // 2
        text = message[:width].center(width) if middle else ""
        rows.append(fitted((Span(text, "tag"),), width))
    return rows


def _lines(scene: Scene) -> dict[str, str]:
    return ASCII_LINES if scene.symbols == "ascii" else LINES


def _body(plot: Plot, gutter: int) -> list[Row]:
    labels, lines = dict(plot.scale.labels), _lines(plot.scene)
    rows = []
    for number, row in enumerate(plot.canvas().lines()):
        label = labels.get(number, "")
        side = lines["tick" if label else "side"]
        rows.append((Span(label.rjust(gutter - 1), "label"), Span(side, "axis"), *row, Span(" ")))
    return rows


def _foot(plot: Plot, gutter: int, width: int) -> list[Row]:
    room = (len(plot.scene.x_name) + 1 - gutter, plot.cells + 1)
    ticks = x_ticks(*plot.visible, plot.cells, plot.scene.view.axis, room=room)
    return [_floor(plot, ticks, gutter, width), _labels(plot.scene, ticks, gutter, width)]


def _floor(plot: Plot, ticks: list[Tick], gutter: int, width: int) -> Row:
    lines, signs = _lines(plot.scene), plot.signs()
    spans = [Span(" " * (gutter - 1) + lines["corner"], "axis")]
    under = {tick.cell for tick in ticks}
    for cell in range(plot.cells):
        if cell in signs:
            sign, mark = signs[cell]
            spans.append(Span(sign, f"mark-{mark.kind}"))
        else:
            spans.append(Span(lines["under" if cell in under else "floor"], "axis"))
    return fitted(_merged(spans), width)


def _labels(scene: Scene, ticks: list[Tick], gutter: int, width: int) -> Row:
    text = " " * width
    for tick in ticks:
        start = tick.start + gutter
        text = text[:start] + tick.label + text[start + len(tick.label) :]
    name = scene.x_name
    return fitted((Span(name, "tag"), Span(text[len(name) :], "label")), width)


def _merged(spans: list[Span]) -> Row:
    rows: list[Span] = []
    for span in spans:
        if rows and rows[-1].style_name == span.style_name:
            rows[-1] = Span(rows[-1].text + span.text, span.style_name)
        else:
            rows.append(span)
    return tuple(rows)
