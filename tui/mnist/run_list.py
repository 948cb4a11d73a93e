"""Runs of the MNIST experiments, and the one that is shown."""

from __future__ import annotations

from engine import catalog
from engine.protocol import RunSummary
from tui.data.newest_runs import RunList

EXPERIMENT, RUNS_LIMIT = "mnist", 200


class MnistRuns(RunList):
    """Runs, and the one that all views show: the chosen one, else the one that is on the screen already."""

    def __init__(self, chosen: str = "") -> None:
        family = [one.name for one in catalog.built_in() if one.name.startswith(EXPERIMENT)]
        super().__init__(dict.fromkeys(family, RUNS_LIMIT))  # their networks have the same files
        self.chosen = chosen
        self._on_screen = ""
        """the run on the screen"""
        self._newest_then = ""
        """id of the newest with a checkpoint at the time when it was first shown"""

    @property
    def shown(self) -> RunSummary | None:
        """The chosen run, else the one on the screen, else the newest with a checkpoint, else the newest."""
        found = self.find(self.chosen) or self.find(self._on_screen)
        runs = self.all()
        return found or self._newest() or (runs[0] if runs else None)

    def keep_on_screen(self, run: RunSummary) -> None:
        """`run` stays the shown one until another is chosen, or it is removed."""
        if run.id != self._on_screen:
            newest = self._newest()
            self._on_screen, self._newest_then = run.id, newest.id if newest else ""

    @property
    def newer(self) -> RunSummary | None:
        """A newer run that got its first checkpoint after the shown one was first shown."""
        held, newest = self.find(self._on_screen), self._newest()
        if held is None or newest is None or newest.id in (held.id, self._newest_then):
            return None
        return newest if newest.spec.order > held.spec.order else None

    def _newest(self) -> RunSummary | None:
        return next((run for run in self.all() if run.checkpoint_step), None)
