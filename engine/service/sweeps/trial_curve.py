"""The best value of a trial's metric so far, and at each rung, read from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from engine import fold
from engine.events import Event
from engine.protocol import Json, number_from_json
from engine.service.sweeps import pruner
from engine.sweep_protocol import Prune

CHUNK = 256 * 1024
"""bytes read at once"""


@dataclass(slots=True)
class TrialCurve:
    """A `HistoryPart`."""

    path: Path
    metric: str
    largest: bool
    prune: Prune
    offset: int = 0
    best: float | None = None
    best_step: int = 0
    rungs: dict[int, tuple[int, float]] = field(default_factory=dict)
    """rung: step at which it was reached and the best value by then, NaN if there was none"""
    _pending_rungs: dict[int, int] = field(default_factory=dict)

    def read_more(self) -> bool:
        """Read the next chunk; True if there may be more. Raises CorruptRun."""
        start, self.offset = (
            self.offset,
            fold.read(self.path, self.offset, self, wanted=_is_wanted, limit=CHUNK),
        )
        return self.offset - start >= CHUNK

    def add(self, event: Event) -> None:
        if event.kind == "started":
            self._set_rungs(int(event.facts.get("total_steps") or 0))
        elif event.kind == "metrics":
            self._add_points(event.facts["series"])

    def rewind(self, step: int) -> None:
        """Nothing: a strict resume reaches the best value again, and a fast one is not worse for it."""

    def _set_rungs(self, total: int) -> None:
        rungs = pruner.rung_steps(self.prune, total)
        self._pending_rungs = {rung: step for rung, step in rungs.items() if rung not in self.rungs}

    def _add_points(self, series: Json) -> None:
        for step, raw in zip(*series.get(self.metric, ((), ())), strict=True):
            value = number_from_json(raw)
            if math.isfinite(value) and self._is_better(value):
                self.best, self.best_step = value, int(step)
            if self._pending_rungs:
                self._pass_rungs(int(step), value)

    def _is_better(self, value: float) -> bool:
        return self.best is None or (value > self.best if self.largest else value < self.best)

    def _pass_rungs(self, step: int, value: float) -> None:
        """The first value at or after a rung counts; of several rungs passed at once only the last one."""
        passed = [rung for rung, at in self._pending_rungs.items() if at <= step]
        for rung in passed:
            del self._pending_rungs[rung]
        if passed:
            known = self.best if math.isfinite(value) else None
            self.rungs[max(passed)] = (step, math.nan if known is None else known)


def _is_wanted(line: bytes) -> bool:
    return b'"metrics"' in line or b'"started"' in line
