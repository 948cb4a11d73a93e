"""The step that the crosshair and the panes of the details share.

The crosshair of the charts is the one place where it is kept; the tab tells the panes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve
    from tui.runs.tab import RunsTab


@dataclass
class StepChosen(Message):
    """The user has moved to something of a step in a pane: the crosshair goes there, then the other panes.

    To be posted by the pane for what its user does, never from `show_step`.
    """

    step: float
    pane: Widget


class FollowsStep(Protocol):
    """A pane of the details that goes where the crosshair is: `RunDetails` has a table of them."""

    def show_step(self, step: float | None) -> None:
        """Go to what was there at a step of the shown run: at it, else the last before it.

        None: there is no crosshair any more. Called also while the pane is not on the screen, and again
        after another run was shown; nothing is posted.
        """


class LinkedStep:
    """Keeps the crosshair of the charts and the panes of the details at one step of the selected run."""

    def __init__(self, tab: RunsTab) -> None:
        self._tab = tab
        self._told: float | None = None
        """the position of the crosshair of which the panes were told last"""

    def go_to(self, step: float, pane: Widget | None = None) -> None:
        """Put the crosshair there, and all panes but the one that has moved to it."""
        curve, chart = self._curve(), self._tab.chart
        self._told = step if curve is None else curve.translated(step, "step", chart.view.axis)
        chart.show_crosshair(self._told)
        self._tab.details.show_step(step, pane)

    @property
    def step(self) -> float | None:
        """The step at the crosshair, of the selected run."""
        view, curve = self._tab.chart.view, self._curve()
        if view.crosshair is None or curve is None:
            return view.crosshair
        return curve.translated(view.crosshair, view.axis, "step")

    def follow_crosshair(self) -> None:
        """Tell the panes where the crosshair is, unless one of them has moved it there."""
        view = self._tab.chart.view
        is_known = view.crosshair is None or view.axis == "step" or self._curve() is not None
        if view.crosshair != self._told and is_known:
            self._told = view.crosshair
            self._tab.details.show_step(self.step)

    def _curve(self) -> ChartCurve | None:
        """A curve of the selected run, which has its steps on each axis; None before it has points."""
        run = self._tab.selected
        history = self._tab.connection.history(run.id) if run is not None else None
        return max(history.series.values(), key=len, default=None) if history is not None else None
