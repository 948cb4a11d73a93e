"""The step that the crosshair and the panes of the details share.

The crosshair of the charts is the one place where it is kept; the tab tells the panes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from textual.message import Message
from textual.widget import Widget


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
