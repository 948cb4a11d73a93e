"""The feed of changes of runs and sweeps: of a row that changed several times it has the latest state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from engine.protocol import Resources, RunSummary
from engine.sweep_protocol import SweepSummary

ROW_LIMIT = 5000
"""most changed runs that are kept"""


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    changed: tuple[RunSummary, ...]
    removed: tuple[str, ...]
    resources: Resources | None
    version: int
    sweeps: tuple[SweepSummary, ...] = ()
    sweeps_removed: tuple[str, ...] = ()


class ChangeFeed:
    def __init__(self) -> None:
        self.version = 0
        self.resources: Resources | None = None
        self._resources_at = 0
        self._rows: dict[str, tuple[int, RunSummary | None]] = {}
        self._sweeps: dict[str, tuple[int, SweepSummary | None]] = {}
        self._changed = asyncio.Event()

    def publish(self, summary: RunSummary) -> None:
        self._set_row(summary.id, summary)

    def publish_removal(self, run_id: str) -> None:
        self._set_row(run_id, None)

    def publish_sweep(self, summary: SweepSummary) -> None:
        self._sweeps[summary.id] = (self._next_version(), summary)

    def publish_sweep_removal(self, sweep_id: str) -> None:
        self._sweeps[sweep_id] = (self._next_version(), None)

    def sweeps(self) -> list[SweepSummary]:
        """The latest state of all published sweeps that were not removed."""
        return [sweep for _, sweep in self._sweeps.values() if sweep is not None]

    def publish_resources(self, resources: Resources) -> None:
        if resources != self.resources:
            self.resources = resources
            self._resources_at = self._next_version()

    def since(self, version: int) -> ChangeBatch:
        """The changes after `version`, oldest first."""
        rows: list[tuple[str, RunSummary | None]] = []
        for run_id in reversed(self._rows):
            at, row = self._rows[run_id]
            if at <= version:
                break
            rows.append((run_id, row))
        rows.reverse()
        return ChangeBatch(
            tuple(row for _, row in rows if row is not None),
            tuple(run_id for run_id, row in rows if row is None),
            self.resources if self._resources_at > version else None,
            self.version,
            tuple(row for at, row in self._sweeps.values() if at > version and row is not None),
            tuple(name for name, (at, row) in self._sweeps.items() if at > version and row is None),
        )

    async def wait(self, version: int) -> None:
        """Return once the feed is newer than `version`."""
        while self.version <= version:
            await self._changed.wait()

    def _set_row(self, run_id: str, row: RunSummary | None) -> None:
        self._rows.pop(run_id, None)
        self._rows[run_id] = (self._next_version(), row)
        if len(self._rows) > ROW_LIMIT:
            self._drop(list(self._rows)[: len(self._rows) - ROW_LIMIT])

    def _drop(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            del self._rows[run_id]

    def _next_version(self) -> int:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        return self.version
