"""Opens the images, texts, tables and histograms of the shown runs, the baseline first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui.data.run_text import name_of
from tui.runs.charted_runs import ChartedRuns
from tui.runs.media_screen import MediaRun, MediaScreen, MediaSource
from tui.terminal.plain_text import plain
from tui.ui.numbers import short

if TYPE_CHECKING:
    from tui.runs.tab import RunsTab


def open_media(tab: RunsTab) -> None:
    """Of the marked runs, the baseline and the selected one."""
    charted, shown = tab.charted, tab.shown
    hues = shown.hues()
    runs = [MediaRun(run.id, name_of(run), hues.get(run.id, 0)) for run in charted.known()]
    if not runs:
        tab.commands.notify("Select a run first.")
        return
    runs.sort(key=lambda run: run.id != shown.baseline)
    view = tab.chart.view

    def value(run: str, step: int) -> str:
        return value_text(charted, run, view.metric, step)

    def count(run: str) -> int:
        history = tab.connection.history(run)
        return history.media if history is not None else 0

    at = tab.linked.step
    step = int(at) if at is not None else None
    tab.app.push_screen(
        MediaScreen(
            MediaSource(tab.context.session, runs, shown.selected, step, count, value, tab.linked.go_to)
        )
    )


def value_text(charted: ChartedRuns, run: str, metric: str, step: int) -> str:
    """The newest value of a metric at a step or before; empty where there is none."""
    history = next((one for one in charted.histories() if one.run == run), None)
    curve = history.series.get(metric) if history is not None else None
    if curve is None or not len(curve):
        return ""
    place = int(np.searchsorted(curve.positions("step"), step, "right")) - 1
    return f"{plain(metric, limit=40)} {short(float(curve.values[place]))}" if place >= 0 else ""
