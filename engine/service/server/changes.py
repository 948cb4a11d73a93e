"""The feed of changes of runs and sweeps: of a row that changed several times it has the latest state."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.machine_protocol import Resources
from engine.notifications import TerminalNotification
from engine.protocol import RunSummary
from engine.sweep_protocol import SweepSummary

ROW_LIMIT = 5000
"""most changed runs that are kept"""
NOTIFICATION_LIMIT = 20
"""most notifications for clients that are slow"""


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    changed: tuple[RunSummary, ...]
    removed: tuple[str, ...]
    resources: Resources | None
    version: int
    sweeps: tuple[SweepSummary, ...] = ()
    sweeps_removed: tuple[str, ...] = ()
    notifications: tuple[TerminalNotification, ...] = ()


class ChangeFeed:
    def __init__(self) -> None:
        self.version = 0
        self.resources: Resources | None = None
        self._resources_at = 0
        self._rows: dict[str, tuple[int, RunSummary | None]] = {}
        self._sweeps: dict[str, tuple[int, SweepSummary | None]] = {}
        self._notifications: deque[tuple[int, TerminalNotification]] = deque(maxlen=NOTIFICATION_LIMIT)
        self._changed = asyncio.Event()
        self.on_run_changed: Callable[[RunSummary | None, RunSummary], None] = lambda before, after: None
        """called with the run as it was published before, None for the first time, and as it is"""
        self.on_sweep_changed: Callable[[SweepSummary | None, SweepSummary], None] = lambda before, after: (
            None
        )

    def publish(self, summary: RunSummary) -> None:
        _, before = self._rows.get(summary.id, (0, None))
        self._set_row(summary.id, summary)
        self.on_run_changed(before, summary)

    def publish_removal(self, run_id: str) -> None:
        self._set_row(run_id, None)

    def publish_sweep(self, summary: SweepSummary) -> None:
        _, before = self._sweeps.get(summary.id, (0, None))
        self._sweeps[summary.id] = (self._next_version(), summary)
        self.on_sweep_changed(before, summary)

    def publish_sweep_removal(self, sweep_id: str) -> None:
        self._sweeps[sweep_id] = (self._next_version(), None)

    def sweeps(self) -> list[SweepSummary]:
        """The latest state of all published sweeps that were not removed."""
        return [sweep for _, sweep in self._sweeps.values() if sweep is not None]

    def publish_resources(self, resources: Resources) -> None:
        if resources != self.resources:
            self.resources = resources
            self._resources_at = self._next_version()

    def publish_notification(self, notification: TerminalNotification) -> None:
        """Only clients that are connected now see it."""
        self._notifications.append((self._next_version(), notification))

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
            tuple(one for at, one in self._notifications if at > version),
        )

    async def wait(self, version: int) -> None:
        """Return once the feed is newer than `version`."""
        while self.version <= version:
            await self._changed.wait()

    def _set_row(self, run_id: str, row: RunSummary | None) -> None:
        self._rows.pop(run_id, None)
        self._rows[run_id] = (self._next_version(), row)
        while len(self._rows) > ROW_LIMIT:
            del self._rows[next(iter(self._rows))]

    def _next_version(self) -> int:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        return self.version
