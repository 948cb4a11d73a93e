"""Runs of the MNIST experiments, and the one that is shown."""

from __future__ import annotations

from collections.abc import Iterable

from engine import catalog
from engine.client.client import Client
from engine.protocol import Query, RunSummary

EXPERIMENT, RUNS_LIMIT = "mnist", 200


def is_ours(run: RunSummary) -> bool:
    """Whether it is of an experiment of the family, whose networks have the same files."""
    return run.spec.experiment.startswith(EXPERIMENT)


class MnistRuns:
    """Runs, and the one that all views show: the chosen one, else the one that is on the screen already."""

    def __init__(self, chosen: str = "") -> None:
        self.chosen = chosen
        self._on_screen = ""
        """the run on the screen"""
        self._newest_then = ""
        """id of the newest with a checkpoint at the time when it was first shown"""
        self._runs: dict[str, RunSummary] = {}
        self.is_known = False
        """whether they were fetched"""

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        found: dict[str, RunSummary] = {}
        for experiment in catalog.experiments():
            if experiment.name.startswith(EXPERIMENT):
                page = await client.runs(Query(f"experiment={experiment.name}", limit=RUNS_LIMIT))
                found |= {run.id: run for run in page.runs if is_ours(run)}
        self._runs, self.is_known = found, True

    def update(self, changed: Iterable[RunSummary], removed: Iterable[str]) -> bool:
        """Returns whether any of them is of the family."""
        ours = {run.id: run for run in changed if is_ours(run)}
        gone = [run for run in removed if self._runs.pop(run, None) is not None]
        self._runs |= ours
        return bool(ours or gone)

    def all(self) -> list[RunSummary]:
        return sorted(self._runs.values(), key=lambda run: run.spec.order, reverse=True)

    def find(self, run: str) -> RunSummary | None:
        return self._runs.get(run)

    @property
    def shown(self) -> RunSummary | None:
        """The chosen run, else the one on the screen, else the newest with a checkpoint, else the newest."""
        found = self._runs.get(self.chosen) or self._runs.get(self._on_screen)
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
        held, newest = self._runs.get(self._on_screen), self._newest()
        if held is None or newest is None or newest.id in (held.id, self._newest_then):
            return None
        return newest if newest.spec.order > held.spec.order else None

    def _newest(self) -> RunSummary | None:
        return next((run for run in self.all() if run.checkpoint_step), None)
