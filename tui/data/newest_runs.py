"""The newest runs of some experiments, as the engine reports them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.client.client import Client
from engine.protocol import RunSummary
from engine.table_protocol import Query


class RunList:
    """`limits`: experiment -> how many of its newest runs are loaded; later ones are added."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = dict(limits)
        self._runs: dict[str, RunSummary] = {}
        self.is_known = False
        """whether they were loaded"""

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        found: dict[str, RunSummary] = {}
        for experiment, limit in self._limits.items():
            page = await client.runs(Query(f"experiment={experiment}", limit=limit))
            found |= {run.id: run for run in page.runs if run.spec.experiment == experiment}
        self._runs, self.is_known = found, True

    def update(self, changed: Iterable[RunSummary], removed: Iterable[str]) -> bool:
        """Apply changes. Returns whether any of them is to a run of these experiments."""
        ours = {run.id: run for run in changed if run.spec.experiment in self._limits}
        gone = [run for run in removed if self._runs.pop(run, None) is not None]
        self._runs |= ours
        return bool(ours or gone)

    def find(self, run: str) -> RunSummary | None:
        return self._runs.get(run)

    def all(self) -> list[RunSummary]:
        """The newest first."""
        return sorted(self._runs.values(), key=lambda run: run.spec.order, reverse=True)

    def of(self, *experiments: str) -> list[RunSummary]:
        """Those of some experiments, the newest first."""
        return [run for run in self.all() if run.spec.experiment in experiments]
