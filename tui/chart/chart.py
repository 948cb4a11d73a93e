"""The chart widget: the curves of one metric, repainted only where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message
from textual.timer import Timer

from engine.refresh_intervals import DRAW_SECONDS
from tui.chart.chart_legend import entries
from tui.chart.chart_rows import (
    ChartMark,
    CurveSeries,
    KeptCurves,
    Scene,
    picture,
    plot_area,
    stepped_crosshair,
    with_columns,
)
from tui.chart.chart_view import AXES, BANDS, PAN, ZOOM, Axis, ChartView, Range
from tui.chart.painted_rows import PaintedRows
from tui.ui.span import Row

if TYPE_CHECKING:
    from tui.chart.plot_area import Symbols


class Chart(PaintedRows, can_focus=True):
    """Curves over steps or time. New data is drawn at most 5 times a second, the effect of a key at once."""

    @dataclass
    class ViewChanged(Message):
        """A key or a click has changed the view: range, axis, scale, smoothing or crosshair."""

        chart: Chart
        view: ChartView

    def __init__(self, *, symbols: Symbols = "braille", view: ChartView | None = None, **widget: Any) -> None:
        super().__init__(**widget)
        self._scene = Scene(view or ChartView(), symbols=symbols)
        self._kept = KeptCurves()
        self._drawn_at = 0.0
        self._pending: Timer | None = None

    @property
    def view(self) -> ChartView:
        return self._scene.view

    @property
    def series(self) -> tuple[CurveSeries, ...]:
        return self._scene.series

    def set_view(self, view: ChartView) -> None:
        """Set the view without posting ViewChanged."""
        self._change_scene(view=view)

    def update_series(
        self,
        series: Sequence[CurveSeries],
        selected: str | None = None,
        lacking: Sequence[str] = (),
        baseline: str = "",
        title: str = "",
    ) -> None:
        """Replace the curves: the one whose key is `selected` is drawn on top, the `baseline` dashed.

        `lacking` are names of runs without such a curve, an empty `title` is the name of the metric. Where
        points were added alone, they are drawn when the next redraw is due.
        """
        scene = replace(self._scene, series=tuple(series), selected=selected, title=title)
        scene = replace(scene, lacking=tuple(lacking), baseline=baseline)
        if scene != self._scene:
            self._set_scene(scene)
        elif series:
            self.data_changed()

    @property
    def title(self) -> str:
        return self._scene.title or self.view.metric

    def letters(self) -> dict[str, str]:
        """The letter of each run by its key, for terminals without colours."""
        return {series.key: self._scene.letter(series) for series in reversed(self.series)}

    def span(self) -> Range | None:
        """First and last position of its curves."""
        return replace(self._scene, within=None).full_range()

    def set_x_range(self, within: Range | None, least_gutter: int = 6) -> None:
        """The x range that is shown at least, and the least number of cells left of the plot."""
        self._change_scene(within=within, least_gutter=least_gutter)

    def legend(self, width: int) -> list[Row]:
        """The legend in full: one row per curve."""
        return entries(with_columns(replace(self._scene, letters=self.app.no_color), width))

    def set_marks(self, marks: Sequence[ChartMark]) -> None:
        """Replace the marks of the selected run."""
        self._change_scene(marks=tuple(marks))

    def set_legend_key(self, key: str) -> None:
        """The key, as displayed, that lists all curves."""
        self._change_scene(legend_key=key)

    def set_live(self, live: bool) -> None:
        self._change_scene(live=live)

    def set_empty_text(self, text: str) -> None:
        """The text in place of the plot while there is nothing to draw."""
        self._change_scene(empty=text)

    def data_changed(self) -> None:
        """Schedule a redraw: points were added to, or removed from, the series shown."""
        if self._pending is None and self.is_mounted:
            wait = max(0.001, self._drawn_at + DRAW_SECONDS - monotonic())
            self._pending = self.set_timer(wait, self._draw_pending)

    def action_zoom_in(self) -> None:
        self._zoom(ZOOM)

    def action_zoom_out(self) -> None:
        self._zoom(1 / ZOOM)

    def action_zoom_reset(self) -> None:
        self._change_view(replace(self.view, x=None, follow=True))

    def action_pan_left(self, times: int = 1) -> None:
        self._pan(-times)

    def action_pan_right(self, times: int = 1) -> None:
        self._pan(times)

    def action_follow(self) -> None:
        """Scroll to the newest point and follow it."""
        self._pan(10_000_000)

    def action_toggle_log(self) -> None:
        self._change_view(replace(self.view, log=not self.view.log))

    def action_toggle_outliers(self) -> None:
        self._change_view(replace(self.view, trimmed=not self.view.trimmed))

    def set_y_range(self, found: Range | None) -> None:
        """Set the range of the value axis of the metric; None: one that fits the values."""
        self._change_view(self.view.with_y_range(found))

    @property
    def scene(self) -> Scene:
        return self._scene

    def action_toggle_paired(self) -> None:
        self._change_view(replace(self.view, paired=not self.view.paired))

    def action_toggle_axis(self) -> None:
        """The next x axis that a curve has; range and crosshair keep their place on the selected curve."""
        known = [axis for axis in AXES if any(series.curve.has_axis(axis) for series in self.series)]
        now = self.view.axis
        self.set_axis(known[(known.index(now) + 1) % len(known)] if now in known else "step")

    def set_axis(self, axis: Axis) -> None:
        """Draw over another x axis."""
        view, main = self.view, self._scene.main
        x, crosshair = view.x, view.crosshair
        if main is not None:
            move = main.curve.translated
            x = x and (move(x[0], view.axis, axis), move(x[1], view.axis, axis))
            crosshair = move(crosshair, view.axis, axis) if crosshair is not None else None
        x = x if x and x[0] < x[1] else None
        self._change_view(replace(view, axis=axis, x=x, crosshair=crosshair))

    def set_unplaced(self, labels: Sequence[str]) -> None:
        """Name the runs that have the metric and no such x axis."""
        self._change_scene(unplaced=tuple(labels))

    def action_next_band(self) -> None:
        """Another band around the mean of a group: least to largest value, standard error, none."""
        at = BANDS.index(self.view.band)
        self._change_view(replace(self.view, band=BANDS[(at + 1) % len(BANDS)]))

    def action_smooth_more(self) -> None:
        self._change_view(self.view.smoothed(1))

    def action_smooth_less(self) -> None:
        self._change_view(self.view.smoothed(-1))

    def action_toggle_raw(self) -> None:
        self._change_view(self.view.toggled_raw())

    def action_crosshair_left(self, cells: int = 1) -> None:
        self._step_crosshair(-cells)

    def action_crosshair_right(self, cells: int = 1) -> None:
        self._step_crosshair(cells)

    def action_crosshair_off(self) -> None:
        self._change_view(replace(self.view, crosshair=None))

    def action_crosshair_to_end(self, way: int) -> None:
        """To the first point of the selected curve, or for `way` > 0 to the last; both become visible."""
        if ends := self.span():
            self.action_pan_right(way * 10_000_000)
            self.move_crosshair(ends[way > 0])

    def move_crosshair(self, position: float) -> None:
        """Put the crosshair on the point of the selected curve nearest to a position."""
        main = self._scene.main
        if main is not None and len(main):
            there = main.curve.nearest_position(position, self.view.axis)
            self._change_view(replace(self.view, crosshair=there))

    def show_crosshair(self, position: float) -> None:
        """Put the crosshair there, between two points too, and move the visible range where it is outside."""
        view = replace(self.view, crosshair=position)
        if view.x is not None and not view.x[0] <= position <= view.x[1]:
            half = (view.x[1] - view.x[0]) / 2
            view = replace(view, x=(position - half, position + half), follow=False)
        self._change_view(view)

    def on_click(self, event: events.Click) -> None:
        area, visible = plot_area(self._scene, *self.size), self._scene.visible_range()
        if area and visible and area[1] > 1:
            share = (event.screen_x - self.content_region.x - area[0]) / (area[1] - 1)
            self.move_crosshair(visible[0] + min(max(share, 0.0), 1.0) * (visible[1] - visible[0]))

    def on_resize(self) -> None:
        self._draw()

    def on_show(self) -> None:
        self._draw()

    def _change_view(self, view: ChartView) -> None:
        if view != self.view:
            self.set_view(view)
            self.post_message(self.ViewChanged(self, view))

    def _change_scene(self, **changes: Any) -> None:
        if (scene := replace(self._scene, **changes)) != self._scene:
            self._set_scene(scene)

    def _set_scene(self, scene: Scene) -> None:
        self._scene = scene
        self._draw()

    def _ranges(self) -> tuple[Range, Range] | None:
        """The visible x range and that of all data."""
        visible = self._scene.visible_range()
        whole = replace(self._scene, view=replace(self.view, x=None)).visible_range()
        return (visible, whole) if visible and whole else None

    def _zoom(self, factor: float) -> None:
        if ranges := self._ranges():
            self._change_view(self.view.zoomed(*ranges, factor))

    def _pan(self, times: int) -> None:
        if ranges := self._ranges():
            self._change_view(self.view.panned(*ranges, times * PAN))

    def step_crosshair_in(self, scene: Scene, width: int, height: int, cells: int) -> None:
        """Move it by that many cells of a chart of another size, drawn from `scene`."""
        there = stepped_crosshair(scene, width, height, cells)
        if there is not None:
            self._change_view(replace(self.view, crosshair=there))

    def _step_crosshair(self, cells: int) -> None:
        self.step_crosshair_in(self._scene, *self.size, cells)

    def _draw_pending(self) -> None:
        self._pending = None
        if self.is_on_screen:
            self._draw()

    def _draw(self) -> None:
        """Compose the rows again and refresh only the regions that differ."""
        width, height = self.size
        if not self.is_mounted or not self.display or not width or not height:
            return
        self._drawn_at = monotonic()
        scene = replace(self._scene, letters=self.app.no_color)
        self.show_rows(picture(scene, width, height, self._kept))
