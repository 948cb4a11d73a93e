"""The loaded sweeps, newest first, and the selected one."""

from __future__ import annotations

from collections.abc import Iterable

from engine.client.client import Client
from engine.sweep_protocol import SweepSummary


class KnownSweeps:
    def __init__(self, chosen: str = "") -> None:
        self._wanted = chosen
        self._known: dict[str, SweepSummary] = {}
        self.loaded = False

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        self._known = {sweep.id: sweep for sweep in await client.sweeps()}
        self.loaded = True

    def update(self, changed: Iterable[SweepSummary], removed: Iterable[str]) -> None:
        self._known.update((sweep.id, sweep) for sweep in changed)
        for sweep_id in removed:
            self._known.pop(sweep_id, None)

    @property
    def all(self) -> list[SweepSummary]:
        return sorted(self._known.values(), key=lambda sweep: sweep.spec.order, reverse=True)

    @property
    def chosen(self) -> SweepSummary | None:
        """The selected sweep; the newest where that one does not exist; None without sweeps."""
        return self._known.get(self._wanted) or next(iter(self.all), None)

    @property
    def place(self) -> int:
        """The index of the selected sweep in `all`."""
        return next((place for place, sweep in enumerate(self.all) if sweep is self.chosen), 0)

    def select(self, sweep_id: str) -> None:
        self._wanted = sweep_id

    def select_at(self, place: int) -> None:
        found = self.all
        if found:
            self._wanted = found[max(0, min(place, len(found) - 1))].id
