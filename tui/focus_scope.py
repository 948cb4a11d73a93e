"""Which keys are heard, by what has the focus."""

from __future__ import annotations

from textual.widget import Widget

from tui.keys import Scope
from tui.widgets.chart import Chart
from tui.widgets.filter_bar import FilterBar
from tui.widgets.run_table import RunTable
from tui.widgets.sheet import Sheet


def scope_of(focused: Widget | None) -> Scope:
    if isinstance(focused, RunTable):
        return "table"
    if isinstance(focused, Chart):
        return "chart"
    if isinstance(focused, Sheet):
        return "pane"
    if focused is not None and any(isinstance(node, FilterBar) for node in focused.ancestors):
        return "filter"
    return "runs"
