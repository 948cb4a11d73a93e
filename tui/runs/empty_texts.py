"""Texts in place of rows, a run or a curve: why there are none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.protocol import RunSummary
from tui.data.run_text import startup_text
from tui.runs.sweep_cells import sweep_title
from tui.ui.span import Row, Span

if TYPE_CHECKING:
    from tui.runs.tab import RunsTab


class EmptyTexts:
    def __init__(self, tab: RunsTab) -> None:
        self._tab = tab
        self._open_key = tab.context.keymap.shown("table.open")

    def row(self) -> Row:
        """In place of the rows of the table."""
        if not self._tab.pages.loaded:
            return (Span(f"   {self._tab.connection.loading_text}", "muted"),)
        return (
            Span("   no run passes the filter", "muted"),
            Span("   esc", "key"),
            Span(" shows all", "muted"),
        )

    def update(self) -> None:
        """Set those of the details and the charts."""
        run, nothing = self._tab.selected, self._without_run()
        self._tab.details.set_empty_text(nothing)
        waits = startup_text(run) if run is not None and not run.step else ""
        self._tab.curves.set_empty_text((waits or self._why_no_points(run)) if run is not None else nothing)

    def _without_run(self) -> str:
        if not self._tab.pages.loaded:
            return self._tab.connection.loading_text
        return self._sweep_text() or self._group_text() or "no run selected"

    def _why_no_points(self, run: RunSummary) -> str:
        history = self._tab.connection.history(run.id)
        is_read = history is not None and history.caught_up
        return "no points yet" if is_read or not run.step else "loading the curve"

    def _sweep_text(self) -> str:
        """One line about the sweep under the cursor; empty on any other row."""
        sweep = self._tab.table.sweep
        if sweep is None:
            return ""
        drawn = ", curve of the best" if sweep.best_run else ""
        return f"sweep {sweep_title(sweep)}{drawn}; {self._open_key} {_verb(sweep.is_open)} them"

    def _group_text(self) -> str:
        """One line about the group under the cursor; empty on any other row."""
        group = self._tab.table.group
        if group is None:
            return ""
        drawn = len(self._tab.shown.group)
        some = f", {drawn:,} drawn" if 0 < drawn < group.count else ""
        title = f"{group.count:,} runs that differ in the seed alone{some}"
        return f"{title}; {self._open_key} {_verb(group.is_open)} them"


def _verb(is_open: bool) -> str:
    return "hides" if is_open else "lists"
