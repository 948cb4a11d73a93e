"""The trained digit networks, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Iterable

from engine import catalog
from engine.client.client import Client
from engine.protocol import Query, RunSummary

EXPERIMENT, KEPT = "mnist", 200


def is_ours(run: RunSummary) -> bool:
    """Every experiment of the family has the same networks on the disk."""
    return run.spec.experiment.startswith(EXPERIMENT)


class MnistRuns:
    """The newest first; one is chosen for every view, and the one on the screen stays there."""

    def __init__(self, chosen: str = "") -> None:
        self.chosen = chosen
        self._held = ""
        """the run on the screen"""
        self._newest_then = ""
        """the newest with a checkpoint when it came there"""
        self._runs: dict[str, RunSummary] = {}
        self.is_known = False
        """whether the engine was asked"""

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        found: dict[str, RunSummary] = {}
        for experiment in catalog.experiments():
            if experiment.name.startswith(EXPERIMENT):
                page = await client.runs(Query(f"experiment={experiment.name}", limit=KEPT))
                found |= {run.id: run for run in page.runs if is_ours(run)}
        self._runs, self.is_known = found, True

    def update(self, changed: Iterable[RunSummary], removed: Iterable[str]) -> bool:
        """Whether any of them is ours."""
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
        found = self._runs.get(self.chosen) or self._runs.get(self._held)
        runs = self.all()
        return found or self._newest() or (runs[0] if runs else None)

    def hold(self, run: RunSummary) -> None:
        """That one is on the screen now: it stays until another is chosen, or it is removed."""
        if run.id != self._held:
            newest = self._newest()
            self._held, self._newest_then = run.id, newest.id if newest else ""

    @property
    def newer(self) -> RunSummary | None:
        """One that got its first checkpoint since the one on the screen came there."""
        held, newest = self._runs.get(self._held), self._newest()
        if held is None or newest is None or newest.id in (held.id, self._newest_then):
            return None
        return newest if newest.spec.order > held.spec.order else None

    def _newest(self) -> RunSummary | None:
        return next((run for run in self.all() if run.checkpoint_step), None)
