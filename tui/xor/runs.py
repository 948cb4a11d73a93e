"""The runs of the XOR tab: single networks, and batches of many."""

from __future__ import annotations

from collections.abc import Iterable

from engine.client.client import Client
from engine.protocol import Query, RunSummary

SINGLE, BATCH, GRID = "xor", "xor_batch", "xor_grid"
KEPT = {SINGLE: 200, BATCH: 50, GRID: 20}


class XorRuns:
    """The newest runs of each experiment."""

    def __init__(self) -> None:
        self._runs: dict[str, RunSummary] = {}
        self.is_known = False
        """whether the runs are loaded"""

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        found: dict[str, RunSummary] = {}
        for experiment, limit in KEPT.items():
            page = await client.runs(Query(f"experiment={experiment}", limit=limit))
            found |= {run.id: run for run in page.runs if run.spec.experiment == experiment}
        self._runs, self.is_known = found, True

    def update(self, changed: Iterable[RunSummary], removed: Iterable[str]) -> bool:
        """Apply changes. Returns whether any of them is to a run of these experiments."""
        ours = {run.id: run for run in changed if run.spec.experiment in KEPT}
        gone = [run for run in removed if self._runs.pop(run, None) is not None]
        self._runs |= ours
        return bool(ours or gone)

    def find(self, run: str) -> RunSummary | None:
        return self._runs.get(run)

    def of(self, *experiments: str) -> list[RunSummary]:
        found = [run for run in self._runs.values() if run.spec.experiment in experiments]
        return sorted(found, key=lambda run: run.spec.order, reverse=True)
