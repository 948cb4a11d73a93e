"""Whether the runs tab shows all metrics as small charts, one of them large, or curves below the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from tui.runs.tab import RunsTab
    from tui.runs.value_legend import ValueLegend


class GridMode:
    """The mode is in the classes of the tab: `-grid`, and `-large` for one of its charts."""

    def __init__(self, tab: RunsTab) -> None:
        self._tab = tab
        self._legend: ValueLegend | None = None
        """below the list, for the charts beside it"""

    @property
    def is_shown(self) -> bool:
        return self._tab.has_class("-grid")

    @property
    def is_large(self) -> bool:
        return self._tab.has_class("-large")

    @property
    def charts(self) -> Widget:
        """The widget of the charts: the grid, or the chart of the curves."""
        panel = self._tab.curves.grid
        return panel.grid if self.is_shown and panel is not None else self._tab.chart

    def show(self, is_grid: bool, *, is_large: bool = False) -> None:
        """All metrics as small charts, one of them large in their place, or the curves below the table."""
        tab = self._tab
        tab.state.grid = is_grid
        if is_grid and not tab.is_wide and tab.state.pane != "curves":
            tab.select_pane("curves")  # a pane of details would take the place of the grid
        tab.set_class(is_grid, "-grid")
        tab.set_class(is_large, "-large")
        tab.curves.set_grid(is_grid and not is_large, is_alone=is_large)
        tab.draw_curves()
        panel = tab.curves.grid
        target = panel.grid if panel is not None and is_grid and not is_large else tab.chart
        tab.call_after_refresh(self._focus_if_open, target if is_grid else tab.table)

    def _focus_if_open(self, widget: Widget) -> None:
        """Where another tab is open, the keys stay its own."""
        if self._tab.is_open:
            widget.focus()

    def select_chart(self) -> None:
        """The keys of the chart, the table and the legend follow the chart under the cursor."""
        panel = self._tab.curves.grid
        if panel is not None and panel.grid.chosen and self.is_shown and not self.is_large:
            self._tab.state.metric = panel.grid.chosen
            self._tab.draw_curves()

    def focus(self) -> None:
        """Focus the charts of the grid."""
        if self._tab.curves.grid is not None:
            self._tab.curves.grid.grid.focus()

    def step_crosshair(self, cells: int) -> None:
        panel = self._tab.curves.grid
        scene = panel.grid.chosen_scene if panel is not None else None
        if panel is not None and scene is not None:
            self._tab.chart.step_crosshair_in(scene, *panel.grid.chosen_size, cells)

    def toggle_crosshair(self) -> None:
        if self._tab.chart.view.crosshair is None:
            self.step_crosshair(-1)
        else:
            self._tab.chart.action_crosshair_off()

    def update_legend(self) -> None:
        """In the list where there is one, else above the charts."""
        tab, panel = self._tab, self._tab.curves.grid
        if panel is None:
            return
        scene = tab.chart.scene if self.is_large else panel.grid.chosen_scene
        is_beside = tab.is_wide and not tab.has_class("-full")
        if self._legend is None:
            from tui.runs.value_legend import ValueLegend

            self._legend = ValueLegend(id="legend")
            tab.query_one("#top").mount(self._legend)
        self._legend.display = self.is_shown and is_beside
        panel.legend.display = not is_beside
        (self._legend if is_beside else panel.legend).update(scene if self.is_shown else None)
