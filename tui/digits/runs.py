"""The trained digit networks, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Iterable

from engine import catalog
from engine.client import Client
from engine.protocol import Query, RunSummary

EXPERIMENT, KEPT = "mnist", 200


def is_ours(run: RunSummary) -> bool:
    """Every experiment of the family has the same networks on the disk."""
    return run.spec.experiment.startswith(EXPERIMENT)


class DigitRuns:
    """The newest first; one is chosen for every view."""

    def __init__(self, chosen: str = "") -> None:
        self.chosen = chosen
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
        """The chosen run, else the newest that has a checkpoint, else the newest."""
        found = self._runs.get(self.chosen)
        runs = self.all()
        return found or next((run for run in runs if run.checkpoint_step), runs[0] if runs else None)
