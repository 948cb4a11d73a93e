"""The chart of the runs tab: its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from tui.chart.chart import Chart
from tui.chart.chart_view import ChartView
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.terminal.glyphs import chart_symbols


class RunChart(Chart):
    SCOPE: ClassVar[Scope] = "chart"
    BINDINGS = all_keys.bindings(SCOPE)

    def __init__(self, view: ChartView, **widget: Any) -> None:
        super().__init__(symbols=chart_symbols(), view=view, **widget)
        self._is_time_lent = False

    @property
    def metric(self) -> str:
        return self.view.metric

    @property
    def own_view(self) -> ChartView:
        """As it was chosen: without an axis that was lent."""
        return replace(self.view, axis="step") if self._is_time_lent else self.view

    def lend_time_axis(self, *, is_lent: bool) -> None:
        """Draw over time instead of steps while the runs have made no step, and over steps again."""
        if is_lent and self.view.axis == "step":
            self._is_time_lent = True
            self.set_view(replace(self.view, axis="time", x=None, crosshair=None))
        elif not is_lent and self._is_time_lent:
            self._is_time_lent = False
            if self.view.axis == "time":
                self.set_view(replace(self.view, axis="step", x=None, crosshair=None))

    def action_pan(self, way: int) -> None:
        if self.view.crosshair is not None:
            (self.action_crosshair_right if way > 0 else self.action_crosshair_left)()
        else:
            (self.action_pan_right if way > 0 else self.action_pan_left)()

    def action_zoom(self, way: int) -> None:
        (self.action_zoom_in if way > 0 else self.action_zoom_out)()

    def action_pan_to_end(self, way: int) -> None:
        if self.view.crosshair is not None:
            self.action_crosshair_to_end(way)
        elif way > 0:
            self.action_follow()
        else:
            self.action_pan_left(10_000_000)

    def toggle_crosshair(self) -> bool:
        """Returns whether there is a crosshair then."""
        if self.view.crosshair is None:
            self.action_crosshair_left()
        else:
            self.action_crosshair_off()
        return self.view.crosshair is not None
