"""The legend beside the charts: the runs with their values at the crosshair, the highest first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from textual.geometry import Size

from tui.chart.chart_legend import from_the_top, header, place_text, swatch_of, value_point
from tui.chart.chart_rows import CurveSeries, Scene
from tui.chart.painted_rows import PaintedRows
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import style_name_of
from tui.ui.numbers import short
from tui.ui.span import Row, Span, clipped, fitted, row_width

ACROSS = 2
"""lines of a legend above the charts"""
VALUE = 8
"""cells of a value, and of a difference"""
LEAST_NAME = 2
"""cells of a name before what tells it from others"""
FOR_DIFFERENCE = 34
"""width from which on the difference to the baseline is beside the value"""


class ValueLegend(PaintedRows):
    """A line for the metric, then one for each curve; with a baseline the difference to it, of a group the
    deviation and the number of its runs.

    `across`: above the charts instead, in two lines at most.
    """

    DEFAULT_CSS = "ValueLegend { height: auto; }"

    def __init__(self, *, across: bool = False, **widget: Any) -> None:
        super().__init__(**widget)
        self._across = across
        self._scene: Scene | None = None
        self._count = 0

    def update(self, scene: Scene | None) -> None:
        self._scene = scene
        count = len(self._rows_of(self.size.width or 20))
        if count != self._count:
            self._count = count
            self.refresh(layout=True)
        self._draw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows_of(width))

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if self.is_mounted and width and height:
            rows = self._rows_of(width)
            if len(rows) > height:
                more = Span(f" +{len(rows) - height + 1} more", "tag")
                rows = [*rows[: height - 1], fitted((more,), width)]
            self.show_rows([*rows, *[fitted((), width)] * (height - len(rows))])

    def _rows_of(self, width: int) -> list[Row]:
        if self._scene is None:
            return []
        if self._across:
            return header(replace(self._scene, small=False), width, ACROSS)
        return legend_rows(self._scene, width)


def legend_rows(scene: Scene, width: int) -> list[Row]:
    """Rows of exactly `width` cells."""
    title = plain(scene.title or scene.view.metric, limit=200)
    has_crosshair = scene.view.crosshair is not None
    place = Span(f" {place_text(scene)}", "crosshair") if has_crosshair else Span(" last", "tag")
    room = width - cell_len(place.text) - 1
    head = (*fitted(clipped((Span(f" {title}", "title"),), room), room), place, Span(" "))
    rows = [fitted(head, width)]
    for series in sorted(scene.series, key=lambda series: from_the_top(scene, series)):
        point = value_point(scene, series)
        rows += _curve_rows(scene, series, point.value if point is not None else None, width)
    return rows


def _curve_rows(scene: Scene, series: CurveSeries, value: float | None, width: int) -> list[Row]:
    text = "-" if value is None else short(value)
    style_name = "tag" if value is None else "value" if math.isfinite(value) else "alert"
    values: Row = (Span(text.rjust(VALUE), style_name),)
    difference = _difference(scene, series, value)
    if difference and width >= FOR_DIFFERENCE:
        values = (*values, Span(difference.rjust(VALUE + 1), "tag"))
    room = width - row_width(values) - 1
    is_main = scene.main is not None and series.key == scene.main.key
    part = f" {series.part}" if series.part else ""
    label = Span(plain(series.label, limit=60), "title" if is_main else "label")
    name = (Span(f" {swatch_of(scene, series)} ", style_name_of(series.hue)),
            *_clipped_label(label, room - 4 - len(part)), Span(part, "label"))  # fmt: skip
    rows = [fitted((*fitted(name, room), *values), width)]
    if difference and width < FOR_DIFFERENCE:
        rows.append(fitted((Span(difference.rjust(width - 1), "tag"),), width))
    if note := series.curve.note(scene.view.crosshair, scene.view.axis):
        rows.append(fitted((Span(note.rjust(width - 1), "tag"),), width))
    return rows


def _clipped_label(label: Span, width: int) -> Row:
    """Cut before the `seed=4` at its end, which tells it from runs of the same name."""
    name, _, end = label.text.rpartition(" ")
    room = width - cell_len(end) - 1
    if "=" not in end or room < LEAST_NAME or row_width((label,)) <= width:
        return clipped((label,), width)
    return (*clipped((Span(name, label.style_name),), room), Span(f" {end}", label.style_name))


def _difference(scene: Scene, series: CurveSeries, value: float | None) -> str:
    """To the same part of the baseline; `baseline` for its own, empty without one."""
    base = next((one for one in scene.series if (one.key, one.part) == (scene.baseline, series.part)), None)
    if base is None or value is None:
        return ""
    if base is series:
        return "baseline"
    there = value_point(scene, base)
    difference = value - there.value if there is not None else math.nan
    return f"{'+' if difference >= 0 else '-'}{short(abs(difference))}" if math.isfinite(difference) else ""
